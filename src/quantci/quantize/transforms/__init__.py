"""Transforms: another float model of the same function, whose activations are easier to quantize."""
