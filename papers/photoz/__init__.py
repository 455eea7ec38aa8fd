"""DEEP2/3 photometric redshifts with a random forest, arXiv:1903.08174."""
