"""Limits of [gates] against what was found: absolute ones, those on quantization, those against the base branch."""
