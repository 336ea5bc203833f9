"""What runs on a board: so far, the calibration of the latency estimate to figures that were measured there."""
