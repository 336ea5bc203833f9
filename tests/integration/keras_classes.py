"""Compare quantci's lists of accepted names with the installed Keras 3, Keras 2 and TensorFlow."""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path
from typing import Any

import keras
import tf_keras
from keras.src.ops.operation import Operation
from tensorflow.python.util.tf_export import get_symbol_from_name
from tf_keras.src.layers import serialization

# Not accepted, and why.
REFUSED = {
    *("Lambda", "JaxLayer", "FlaxLayer", "TorchModuleWrapper", "TFSMLayer"),  # code, or a model from elsewhere
    *("StringLookup", "IntegerLookup", "TextVectorization", "DenseFeatures"),  # read vocabularies from files
    *(
        "AssociativeScan",
        "Cond",
        "ForiLoop",
        "Map",
        "Scan",
        "Switch",
        "VectorizedMap",
        "WhileLoop",
        "JVP",
    ),  # call functions
    *("Layer", "Wrapper", "AbstractRNNCell"),  # base classes: no model has one
}


def classes(module: Any, base: type) -> set[str]:
    return {name for name, what in vars(module).items() if inspect.isclass(what) and issubclass(what, base)}


def compare() -> dict[str, list[str]]:
    """Names in the lists that Keras does not have, and classes of Keras that no list has."""
    data = json.loads((Path(__file__).parents[2] / "src/quantci/source/keras_names.json").read_bytes())
    unknown: list[str] = []
    forgotten: list[str] = []
    for framework, api in (("keras", keras), ("tf_keras", tf_keras)):
        families = {
            "keras.layers": (api.layers, api.layers.Layer),
            "keras.initializers": (api.initializers, api.initializers.Initializer),
            "keras.regularizers": (api.regularizers, api.regularizers.Regularizer),
            "keras.constraints": (api.constraints, api.constraints.Constraint),
        }
        if framework == "keras":
            for name in [name for name in data["keras"] if name.startswith("keras.src.ops.")]:
                families[name] = (importlib.import_module(name), Operation)
        for name, (module, base) in families.items():
            there = {n for n in classes(module, base) if getattr(module, n) is not base}
            if base is Operation:
                there = {n for n in there if getattr(module, n).__module__ == name}
            known = set(data[framework][name])
            unknown += [f"{framework} {name}.{n}" for n in sorted(known - there)]
            forgotten += [f"{framework} {name}.{n}" for n in sorted(there - known - REFUSED)]
    for module, names in (
        (keras, data["keras"]["keras"]),
        (keras.dtype_policies, data["keras"]["keras.dtype_policies"]),
        (tf_keras.mixed_precision, data["tf_keras"]["keras.mixed_precision"]),
    ):
        unknown += [name for name in names if not inspect.isclass(getattr(module, name, None))]
    serialization.populate_deserializable_objects()
    old = [*data["tf_keras"][""], *data["tf_keras"]["keras"]]
    unknown += [name for name in old if name not in serialization.LOCAL.ALL_OBJECTS]
    both = {**vars(tf_keras.activations), **vars(keras.activations)}
    unknown += [name for name in data["activations"] if not inspect.isfunction(both.get(name))]
    unknown += [name for name in data["tensorflow_functions"] if not callable(get_symbol_from_name(name))]
    return {"unknown": unknown, "forgotten": forgotten}
