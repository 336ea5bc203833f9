"""Which preprocessing the float model was trained with: the usual ones, tried on labelled samples."""
