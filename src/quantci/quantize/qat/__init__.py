"""Quantization-aware training on the float flatbuffer itself, whatever framework it came from (docs/qat.md)."""
