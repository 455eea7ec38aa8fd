"""One folder per reproduced article."""
