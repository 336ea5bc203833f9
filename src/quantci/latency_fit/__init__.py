"""Coefficients of the latency estimate for one board, from latencies that were measured there."""
