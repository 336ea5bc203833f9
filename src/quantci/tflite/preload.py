"""What the workers' fork server imports before it forks the first one: the interpreters."""

import gc

import numpy  # noqa: F401
from ai_edge_litert import interpreter, schema_py_generated  # noqa: F401, TID253

from quantci.tflite.tflm import import_runtime, tflm_available

if tflm_available():
    import_runtime()

# Nothing of this is ever garbage: a collection in a worker would only copy the pages that it shares with the server.
gc.freeze()
