"""Signals of compact binaries: waveforms, and their injection into the strain."""
