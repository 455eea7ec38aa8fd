"""The machine learning landscape of top taggers (arXiv:1902.09914)."""
