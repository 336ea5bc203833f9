"""Kernels that are known to give wrong answers, or to crash, on some shapes and scales: one rule a fault."""
