"""The data format of CERN Open Data record 12102: names of the branches, and the reader of its files."""
