"""Beside the article's network: the shared pass that makes its training fast, our own network, linear filters."""
