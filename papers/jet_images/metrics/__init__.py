"""Figures of merit: curves and areas, likelihood ratios of variables, and the article's curves."""
