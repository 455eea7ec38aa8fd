"""What a subtraction is worth: spectra, residual noise, sensitivity to signals, coherence."""
