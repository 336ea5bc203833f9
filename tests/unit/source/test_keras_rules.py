"""What a Keras model may be made of: each way to run code that was ever found, in each place, is refused unread."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantci.errors import ModelRejected
from quantci.source.keras_rules import faults, names, without_training

KINDS = ("keras", "hdf5", "hdf5-legacy")


def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    """A layer as Keras 3 writes it."""
    return {"module": "keras.layers", "class_name": kind, "registered_name": None, "config": {"name": name, **config}}


def old_layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    """A layer as HDF5 files have it: without a module."""
    return {"class_name": kind, "config": {"name": name, **config}}


def model(*layers: dict[str, Any], kind: str = "Sequential") -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": "outer", "layers": list(layers)}}


GOOD = model(
    layer("InputLayer", "input", batch_shape=[None, 8], dtype="float32"),
    layer(
        "Dense",
        "dense",
        activation={"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"},
        dtype={"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None},
        kernel_initializer={
            "module": "keras.initializers",
            "class_name": "Zeros",
            "config": {},
            "registered_name": None,
        },
    ),
    layer("TimeDistributed", "each", layer=layer("Dense", "inner", units=3)),
    {
        "module": "keras.src.ops.numpy",
        "class_name": "GetItem",
        "registered_name": "GetItem",
        "config": {"name": "item"},
        "inbound_nodes": [
            {
                "args": [
                    {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "dtype": "float32"}},
                    {"class_name": "__slice__", "config": {"start": None, "stop": 2, "step": None}},
                ],
                "kwargs": {},
            }
        ],
    },
)
HOSTILE = {
    "lambda": ("format-not-accepted", layer("Lambda", "evil", function={"class_name": "__lambda__", "config": {}})),
    "lambda of a package": ("format-not-accepted", layer("Keras>Lambda", "evil")),
    "lambda by its inner module": (
        "format-not-accepted",
        {"module": "keras.src.layers.core.lambda_layer", "class_name": "Lambda", "config": {"name": "evil"}},
    ),
    "a lambda for an activation": (
        "format-not-accepted",
        layer("Dense", "evil", activation={"class_name": "__lambda__", "config": {"value": "4wAA"}}),
    ),
    "in other letters": ("custom-layer", layer("lambda", "evil")),
    "with a space": ("custom-layer", layer("Lambda ", "evil")),
    "own class": ("custom-layer", {**layer("Dense", "evil"), "registered_name": "Custom>Dense"}),
    "own class without a module": ("custom-layer", old_layer("Custom>Dense", "evil")),
    "any module": ("custom-layer", {"module": "os", "class_name": "system", "config": {"name": "evil"}}),
    "any function": (
        "custom-layer",
        layer("Activation", "evil", activation={"module": "os", "class_name": "function", "config": "system"}),
    ),
    "a function of Keras that fetches": (
        "custom-layer",
        layer(
            "Activation",
            "evil",
            activation={"module": "keras.utils", "class_name": "function", "config": "get_file"},
        ),
    ),
    "what turns safe mode off": (
        "custom-layer",
        {"module": "keras.config", "class_name": "enable_unsafe_deserialization", "config": {"name": "evil"}},
    ),
    "a loader": ("custom-layer", {"module": "keras.models", "class_name": "load_model", "config": {"name": "evil"}}),
    "a pickle of torch": ("custom-layer", layer("TorchModuleWrapper", "evil", module="gASV")),
    "a SavedModel elsewhere": ("custom-layer", layer("TFSMLayer", "evil", filepath="/tmp/x")),
    "a JAX function": ("custom-layer", layer("JaxLayer", "evil")),
    "a vocabulary": ("custom-layer", layer("StringLookup", "evil", vocabulary="/etc/passwd")),
    "a text vocabulary": ("custom-layer", layer("TextVectorization", "evil", vocabulary="/etc/passwd")),
    "an integer vocabulary": ("custom-layer", layer("IntegerLookup", "evil", vocabulary="/etc/passwd")),
    "a type of tensors": (
        "custom-layer",
        layer("InputLayer", "evil", spec={"class_name": "__typespec__", "config": []}),
    ),
    "a composite tensor": ("custom-layer", layer("InputLayer", "evil", spec={"class_name": "CompositeTensor"})),
    "a graph node": ("custom-layer", old_layer("TensorFlowOpLayer", "evil", node_def={"op": "WriteFile"})),
    "a method of a class": ("custom-layer", old_layer("ClassMethod", "evil", cls_symbol="io.gfile.GFile")),
    "a function of TensorFlow": ("custom-layer", old_layer("TFOpLambda", "evil", function="io.write_file")),
    "a Python function": ("custom-layer", old_layer("TFOpLambda", "evil", function="py_function")),
    "a function that is none": ("custom-layer", old_layer("TFOpLambda", "evil", function=["math.add"])),
    "a class that is no name": ("custom-layer", {"class_name": ["Dense"], "config": {"name": "evil"}}),
    "a module that is no name": ("custom-layer", {**layer("Dense", "evil"), "module": {"a": 1}}),
    "a value with a module": ("custom-layer", {"module": "os", "class_name": "__numpy__", "config": {"name": "evil"}}),
}


def places(evil: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The same object in each place where Keras would build it."""
    return {
        "layer": model(layer("Dense", "first"), evil),
        "nested": model(model(model(evil), kind="Functional")),
        "wrapper": model(layer("TimeDistributed", "outer", layer=evil)),
        "cells": model(layer("RNN", "outer", cell=layer("StackedRNNCells", "cells", cells=[evil]))),
        "old list": {"class_name": "Sequential", "config": [evil]},
        "argument": model({**layer("Dense", "a"), "inbound_nodes": [{"args": [], "kwargs": {"mask": evil}}]}),
        "old argument": model({**old_layer("Dense", "a"), "inbound_nodes": [[["x", 0, 0, {"y": evil}]]]}),
        "build": model({**layer("Dense", "a"), "build_config": {"input_shape": evil}}),
        "regularizer": model(layer("Dense", "a", kernel_regularizer=evil)),
        "whole": evil,
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", HOSTILE)
def test_what_runs_code_or_opens_files_is_refused_in_every_place(what: str, kind: str) -> None:
    code, evil = HOSTILE[what]
    for place, config in places(evil).items():
        found = faults(config, kind, "model.keras")
        assert [fault.rejection("model.keras").code for fault in found] == [code], (place, found)
        assert found[0].layer in {"evil", "a", "outer", "cells"}, place
        if place == "layer" and "is no name" not in what:
            assert "'evil'" in found[0].cause


def test_a_model_of_keras_own_layers_is_accepted() -> None:
    assert faults(GOOD, "keras", "") == []
    assert faults(model(old_layer("Dense", "a"), old_layer("InputLayer", "b")), "hdf5", "") == []


def test_the_models_of_mlperf_tiny_as_keras_2_wrote_them_are_accepted() -> None:
    """Their layers, as the four training scripts name them; no file of that time says a module."""
    kinds = ["InputLayer", "Conv2D", "DepthwiseConv2D", "BatchNormalization", "Activation", "Add", "AveragePooling2D"]
    kinds += ["Flatten", "Dense", "Dropout", "Reshape", "ZeroPadding2D", "ReLU", "GlobalAveragePooling2D"]
    common = {
        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
        "kernel_regularizer": {"class_name": "L2", "config": {"l2": 1e-4}},
        "beta_initializer": {"class_name": "Zeros", "config": {}},
    }
    layers = [old_layer(kind, kind.lower(), activation="relu", **common) for kind in kinds]
    for whole in ("Functional", "Model", "Sequential"):
        assert faults(model(*layers, kind=whole), "hdf5-legacy", "") == []


def test_functions_of_tensorflow_that_compute_are_accepted_in_keras_2_only() -> None:
    config = model(old_layer("TFOpLambda", "add", function="math.add"), kind="Functional")
    assert faults(config, "hdf5-legacy", "") == []
    assert [fault.layer for fault in faults(config, "hdf5", "")] == ["add"]


def test_each_fault_is_found_in_order() -> None:
    config = model(
        layer("Lambda", "one"), model(layer("Mine", "two")), layer("Dense", "three"), layer("Lambda", "four")
    )
    assert [fault.layer for fault in faults(config, "keras", "")] == ["one", "two", "four"]


def test_what_training_needs_is_left_out_everywhere() -> None:
    evil = {"module": "os", "class_name": "system", "config": {}}
    config = model({**model(layer("Dense", "a")), "compile_config": {"loss": evil}})
    config["compile_config"] = {"metrics": [evil]}
    assert faults(without_training(config), "keras", "") == []
    assert "compile_config" not in str(without_training(config))


@pytest.mark.parametrize("what", ["deep", "wide"])
def test_a_configuration_without_bounds_is_refused(what: str) -> None:
    config = model()
    if what == "wide":
        config["config"]["layers"] = [0] * 2_000_001
    for _ in range(300 if what == "deep" else 0):
        config = model(config)
    with pytest.raises(ModelRejected) as caught:
        faults(config, "keras", "model.keras")
    assert caught.value.code == "too-large"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Lambda", "Dense"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["class_name", "config", "module", "registered_name", "layers", "name", "function", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


def paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something in a configuration can be replaced."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [before, *(path for key, part in inner for path in paths(part, (*before, key)))]


@settings(deadline=None)
@given(st.data(), st.sampled_from(KINDS))
def test_a_mutated_configuration_raises_nothing_but_our_errors(data: st.DataObject, kind: str) -> None:
    config = copy.deepcopy(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        *outer, last = data.draw(st.sampled_from(paths(config)[1:]))
        part: Any = config
        for key in outer:
            part = part[key]
        part[last] = data.draw(JSON)
    try:
        found = faults(without_training(config), kind, "model.keras")
    except ModelRejected:
        return
    known = names("tf_keras" if kind == "hdf5-legacy" else "keras").all_classes
    harmless = known | {"function", "TFOpLambda", "SlicingOpLambda", "TensorShape"}
    named = [part for path in paths(config) if isinstance(part := at(config, path), dict) and "class_name" in part]
    foreign = [
        p for p in named if not isinstance(p["class_name"], str) or p["class_name"].strip("_") == p["class_name"]
    ]
    if any(not isinstance(part["class_name"], str) or part["class_name"] not in harmless for part in foreign):
        assert found
    assert all(fault.rejection("m").exit_code == 2 for fault in found)


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value
