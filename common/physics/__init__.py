"""Physics that at least two papers use: four-vectors, jets, Pythia, ROC curves, generation in pieces."""
