"""ONNX: onnxsim gives it fixed shapes, onnx2tf turns it into a float flatbuffer, ONNX Runtime says what it answers.

All of that runs in a jail, on a copy. `OnnxSource` is what the rest of quantci sees; torch converts with
`ConvertOnce` what it has exported.
"""
