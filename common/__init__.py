"""What at least two papers share, in rooms; each package says what belongs there."""
