"""How the networks run: the choice of their layers, faster formulations of some, the optimiser, TensorFlow's set-up."""
