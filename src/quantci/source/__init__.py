"""Source models: each becomes model_float.tflite, the reference."""
