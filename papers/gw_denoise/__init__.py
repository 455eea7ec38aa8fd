"""DeepClean: noise subtraction in gravitational-wave data, arXiv:2005.06534."""
