"""What three events of the collaboration's simulation look like, in numbers (arXiv:1604.01444, pixel maps).

They are the examples of an author's thesis (D. Rocco, University of Minnesota; github.com/rocconnick/Thesis_UMN, commit
47ea210, figures/cnn/view_truetype*.pdf), measured on the rasters that its figures embed. The pictures are under
CC BY-SA and not copied here: see them there.
"""

REAL_TYPES = {2: "numu DIS", 6: "nue DIS", 13: "NC"}  # place in classes.INTERACTIONS
REAL = {  # hits of both views, mean number of planes from first to last, hits per plane that has any; see moments.py
    "numu DIS": {"hits": 236, "length": 88.5, "hits_per_plane": 1.548},
    "nue DIS": {"hits": 270, "length": 45.0, "hits_per_plane": 4.027},
    "NC": {"hits": 134, "length": 42.0, "hits_per_plane": 1.871},
}
