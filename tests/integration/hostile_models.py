"""Keras files and SavedModels that were turned: good ones, with a configuration, a link or an op of somebody else's."""

from __future__ import annotations

import base64
import json
import marshal
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py


def lambda_layer(marker: Path, kind: str) -> dict[str, Any]:
    """A Lambda layer whose bytecode makes a file, as each format writes it."""
    source = f"lambda x: (__import__('pathlib').Path({str(marker)!r}).touch(), x)[1]"
    inner = compile(source, "x", "eval").co_consts[0]
    code = base64.b64encode(marshal.dumps(inner)).decode()
    if kind == "keras":
        function: Any = {"class_name": "__lambda__", "config": {"code": code, "defaults": None, "closure": None}}
        return {
            "module": "keras.layers",
            "class_name": "Lambda",
            "registered_name": None,
            "config": {"name": "evil", "function": function, "arguments": {}},
            "build_config": {"input_shape": [None, 16, 16, 3]},
        }
    config: dict[str, Any] = {"name": "evil", "function": [code, None, None], "function_type": "lambda"}
    config |= {
        "module": "__main__",
        "output_shape": None,
        "output_shape_type": "raw",
        "output_shape_module": None,
        "arguments": {},
    }
    return {"class_name": "Lambda", "config": {"trainable": True, "dtype": "float32", **config}}


def with_layer(source: Path, target: Path, layer: dict[str, Any]) -> Path:
    """The model with one more layer in front, which every loader builds and calls."""

    def insert(config: dict[str, Any]) -> None:
        first = config["config"]["layers"][0]
        inner = {"class_name": "Sequential", "config": {"name": "outer", "layers": [first, layer]}}
        config.clear()
        config.update(inner if "module" not in first else {"module": "keras", "registered_name": None, **inner})

    return with_config(source, target, insert)


def with_config(source: Path, target: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The file with another configuration."""
    if source.suffix == ".keras":
        with zipfile.ZipFile(source) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        config = json.loads(members["config.json"])
        change(config)
        members["config.json"] = json.dumps(config).encode()
        with zipfile.ZipFile(target, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
    else:
        shutil.copy(source, target)
        with h5py.File(target, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            change(config)
            file.attrs["model_config"] = json.dumps(config)
    return target


def saved_model_that_reads(folder: Path) -> None:
    """A SavedModel whose answer depends on a file that is not its own. Needs TensorFlow."""
    import tensorflow as tf

    module = tf.Module()

    def call(x: Any) -> Any:
        text = tf.io.read_file("/etc/hostname")
        return x + tf.cast(tf.strings.length(text), tf.float32)

    module.call = tf.function(call, input_signature=[tf.TensorSpec((1, 4), tf.float32)])
    tf.saved_model.save(module, str(folder), signatures=module.call.get_concrete_function())
