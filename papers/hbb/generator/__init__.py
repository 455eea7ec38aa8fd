"""Generated jets in the record's format: collisions, detector, jets, vertices and branches, in this order."""
