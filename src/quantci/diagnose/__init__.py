"""Where accuracy goes: the float and the INT8 model, layer by layer, and what follows from it."""
