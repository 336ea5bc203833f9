"""Look into a .tflite, and run it."""
