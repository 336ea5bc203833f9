"""Paired comparison, power, agreement and areas under curves: pure functions, the same to the last bit everywhere."""
