"""What a run without network is made from: noise floor, couplings of known size, and their truth."""
