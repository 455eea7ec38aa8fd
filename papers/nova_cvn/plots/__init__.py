"""One function for each figure; its docstring is the caption in the report."""
