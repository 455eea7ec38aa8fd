"""One function per figure; its docstring is the caption."""
