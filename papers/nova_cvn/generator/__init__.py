"""Simulated events of NOvA's far detector, from the neutrino to the pixel map; only the stage simulate needs it."""
