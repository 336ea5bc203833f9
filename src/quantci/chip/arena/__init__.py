"""TFLM's memory allocator, simulated: how large a tensor arena a model needs on the chip, to the byte."""
