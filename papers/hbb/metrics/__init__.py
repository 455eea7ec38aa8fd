"""Figures of merit of the taggers, sculpting of the QCD mass, and properties of the jets."""
