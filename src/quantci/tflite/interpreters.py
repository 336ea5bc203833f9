"""The interpreters, imported: what workers have when they start."""

import numpy  # noqa: F401
from ai_edge_litert import interpreter, schema_py_generated  # noqa: F401, TID253

from quantci.tflite.tflm import import_runtime, tflm_available

if tflm_available():
    import_runtime()
