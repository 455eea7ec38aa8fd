"""A convolutional neural network neutrino event classifier, arXiv:1604.01444."""
