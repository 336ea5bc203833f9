"""Checks in Python that a .tflite is what it says, before native code sees a stranger's file; see `flatbuffer`.

`decode` has made sure that every offset lies in the file. tensors, graph, options: indices, types and required fields.
shapes and fit_*: each op's operands have the shapes that its kernel computes with.
"""
