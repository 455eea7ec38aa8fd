"""Tops and QCD jets of known truth: Pythia's events, a toy detector, the article's selection."""
