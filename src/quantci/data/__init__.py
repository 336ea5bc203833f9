"""Calibration and evaluation sets: what lies on disk, which of it is used, and how it becomes the model's input."""
