"""Post-training quantization: float flatbuffer -> ranges -> INT8 flatbuffer -> checks -> strip."""
