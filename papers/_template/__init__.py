"""Template: copy this folder to start a paper."""
