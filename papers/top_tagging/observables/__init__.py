"""What the taggers see of a jet: constituents around its axis, N-subjettiness, energy flow polynomials."""
