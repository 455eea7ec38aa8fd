"""The archive's releases: where the frames are, their file formats, and channels on one axis of time."""
