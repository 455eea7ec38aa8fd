"""Galaxies with known redshift, written as the release's table: spectra, population, noise."""
