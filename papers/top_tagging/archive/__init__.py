"""Readers of the archive's own formats: the jets in HDF5, the labels as a pickle, the scores in .npy files."""
