"""Is a .tflite what it says? Asked in Python, before any native code sees a stranger's file; `flatbuffer.parse` asks.

`decode` has made sure that every offset lies in the file. tensors, graph, options: indices, types and required fields.
shapes and fit_*: each op's operands have the shapes that its kernel computes with.
"""
