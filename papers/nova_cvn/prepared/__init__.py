"""What a prepared event is: the pixel map, its label, the file that holds it, and the batches that are read from it."""
