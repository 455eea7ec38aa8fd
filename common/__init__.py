"""What at least two papers share: configuration, data access, comparison, report."""
