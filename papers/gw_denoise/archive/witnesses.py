"""The witnesses of the 60 Hz subtraction of arXiv:2005.06534, from the authors' public code; without the detector."""

MAINS_CHANNEL = "PEM-CS_MAINSMON_EBAY_1_DQ"
LOOPS = ("INP1", "MICH", "PRC1", "PRC2", "SRC1", "SRC2", "DHARD", "CHARD", "DSOFT", "CSOFT")  # angular control
SLOW_CHANNELS = tuple(f"ASC-{loop}_{angle}_INMON" for loop in LOOPS for angle in "PY")  # pitch and yaw
