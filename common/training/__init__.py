"""What the trainings of several papers share: the loop with its state on disk, and how a state is named."""
