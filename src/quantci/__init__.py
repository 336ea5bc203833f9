"""CI for neural networks that run on microcontrollers."""

__version__ = "0.1.0"
