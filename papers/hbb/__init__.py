"""Interaction networks for boosted H to bb jets, arXiv:1909.12285."""
