"""A device that runs a model, and how to talk to it: a board, an emulated one, or the virtual one."""
