"""The two classes of jets of arXiv:1902.09914: the label of a jet is the position of its class."""

CLASSES = ("qcd", "top")
