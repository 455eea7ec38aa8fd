"""What the Snakefile and the rules of the papers share: discovery, code dependencies, settings as parameters."""
