"""Readers of the files that NOvA and DUNE publish; imported by the stages fetch and prepare."""
