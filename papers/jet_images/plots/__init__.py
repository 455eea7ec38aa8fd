"""The article's figures, one function each; its name is the file's, its docstring the caption."""
