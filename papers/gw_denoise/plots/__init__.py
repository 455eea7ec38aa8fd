"""The figures; each function is one figure, and its docstring is the caption."""
