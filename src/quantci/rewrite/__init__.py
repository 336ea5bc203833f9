"""Rewrites of the float model: other ops for the same function, proved equal on calibration samples."""
