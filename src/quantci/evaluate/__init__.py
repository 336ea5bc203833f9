"""Stage `evaluate`: what the change from float to INT8 costs, on the same samples, and how sure that is."""
