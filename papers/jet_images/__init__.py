"""Reproduction of arXiv:1511.05190: deep networks on jet images, and what they learn beyond mass and substructure."""
