"""What prepared.h5 is: its layout with the writer, and the jets of one split as batches for PyTorch."""
