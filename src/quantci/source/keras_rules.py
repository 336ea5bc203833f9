"""Which objects a Keras model may be made of: those of Keras itself that hold no code and open no file.

A configuration is data, but Keras builds whatever it names: a Lambda's bytecode, a function of any module, a SavedModel
elsewhere on the disk. So nothing is searched for that is bad; what is not known to be harmless (keras_names.json) is
refused, wherever it stands: in a nested model, a wrapper, an argument of a call. What is not said by `class_name` is
not built by any loader.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, Final, NamedTuple

from quantci.errors import ModelRejected

_MAX_DEPTH: Final = 200
_MAX_VALUES: Final = 2_000_000
# Plain values that JSON has no word for.
_VALUES: Final = frozenset(
    {
        "__keras_tensor__",
        "__tensor__",
        "__numpy__",
        "__bytes__",
        "__ellipsis__",
        "__slice__",
        "__tuple__",
        "TensorShape",
    }
)
# Python code in the file, by whatever name.
_CODE: Final = frozenset({"Lambda", "__lambda__"})
_CALLS: Final = frozenset({"TFOpLambda", "SlicingOpLambda"})  # Keras 2: a function of TensorFlow, by name
_EXPORT: Final = "Export it with model.export(folder), and name that SavedModel folder."


class Fault(NamedTuple):
    """An object that is not accepted.

    Attributes:
        layer: name of the layer that it is, or is part of.
        is_code: it is Python code.
        cause: one sentence.
    """

    layer: str
    is_code: bool
    cause: str

    def rejection(self, where: str) -> ModelRejected:
        """The fault as an error."""
        if self.is_code:
            remedy = (
                "Replace the Lambda layer by Keras layers, or export the model as SavedModel: model.export(folder)."
            )
            return ModelRejected("format-not-accepted", self.cause, where=where, remedy=remedy)
        return ModelRejected("custom-layer", self.cause, where=where, remedy=_EXPORT)


class _Names(NamedTuple):
    classes: dict[str, frozenset[str]]  # by module
    all_classes: frozenset[str]  # older files name no module
    activations: frozenset[str]
    functions: frozenset[str]


@functools.cache
def names(framework: str) -> _Names:
    """What `keras` (3) or `tf_keras` (2) may build."""
    data = json.loads(Path(__file__).with_name("keras_names.json").read_bytes())
    classes = {module: frozenset(known) for module, known in data[framework].items()}
    everything = frozenset().union(*classes.values())
    return _Names(classes, everything, frozenset(data["activations"]), frozenset(data["tensorflow_functions"]))


def faults(config: dict[str, Any], kind: str, where: str) -> list[Fault]:
    """All objects of a configuration that are not accepted, in its order.

    Args:
        config: what `read_keras` gave.
        kind: its `format`.
        where: the file.

    Raises:
        ModelRejected: `malformed`, `too-large`: no Keras writes such a configuration.
    """
    known = names("tf_keras" if kind == "hdf5-legacy" else "keras")
    found: list[Fault] = []
    waiting: list[tuple[Any, str, int]] = [(config, "", 0)]
    count = 0
    while waiting:
        value, layer, depth = waiting.pop()
        count += 1
        if depth > _MAX_DEPTH or count > _MAX_VALUES:
            raise ModelRejected(
                "too-large",
                f"Its configuration has more than {_MAX_VALUES:,} values, or is nested deeper than {_MAX_DEPTH}.",
                where=where,
                remedy="Use a model that is meant for a microcontroller.",
            )
        if isinstance(value, dict):
            if "class_name" in value:
                layer = _name(value) or layer
                if (fault := _fault(value, layer, known)) is not None:
                    found.append(fault)
                    continue  # what is inside of it is not built either
            waiting += [(inner, layer, depth + 1) for inner in reversed(value.values())]
        elif isinstance(value, list):
            waiting += [(inner, layer, depth + 1) for inner in reversed(value)]
    return found


def without_training(config: Any) -> Any:
    """The configuration without what only training needs: Keras would build the losses and metrics of nested models."""
    if isinstance(config, dict):
        return {key: without_training(value) for key, value in config.items() if key != "compile_config"}
    if isinstance(config, list):
        return [without_training(value) for value in config]
    return config


def _name(item: dict[str, Any]) -> str:
    inner = item.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    name = name if isinstance(name, str) else item.get("name")
    return name[:100] if isinstance(name, str) else ""


def _fault(item: dict[str, Any], layer: str, known: _Names) -> Fault | None:
    kind = item["class_name"]
    place = f"Layer {layer!r}" if layer else "The model"
    if isinstance(kind, str) and kind.rpartition(">")[2] in _CODE:
        word = "is a Lambda layer" if kind == "Lambda" else "holds a Python lambda"
        return Fault(layer, is_code=True, cause=f"{place} {word}, which is code from the file; it is not run.")
    complaint = _complaint(item, known)
    return Fault(layer, is_code=False, cause=f"{place} {complaint}.") if complaint else None


def _complaint(item: dict[str, Any], known: _Names) -> str | None:
    """What is wrong with an object that is not code, or None."""
    kind, module, registered = item["class_name"], item.get("module"), item.get("registered_name")
    if not isinstance(kind, str) or not isinstance(module, str | None) or not isinstance(registered, str | None):
        return "names its class in a way that Keras does not"
    if kind == "function":
        return _function(item.get("config"), module, known)
    if kind in _CALLS and "" in known.classes and not module:
        return _call(item.get("config"), known)
    if registered not in {None, "", kind}:
        return f"is of your own class {registered[:100]!r}"
    accepted = known.classes.get(_public(module), ()) if module else known.all_classes | _VALUES
    full = f"{module}.{kind}" if module else kind
    return None if kind in accepted else f"needs {full[:200]!r}, which is not a class of Keras that is accepted"


def _function(name: Any, module: str | None, known: _Names) -> str | None:
    if module in {"builtins", "keras.activations"} and isinstance(name, str) and name in known.activations:
        return None
    return f"uses the function {f'{module}.{name}'[:200]!r}, which is not an activation of Keras"


def _call(config: Any, known: _Names) -> str | None:
    function = config.get("function") if isinstance(config, dict) else None
    if isinstance(function, str) and function in known.functions:
        return None
    return f"calls {f'tf.{function}'[:200]!r}, which is not among the functions that are accepted"


def _public(module: str) -> str:
    return "keras" + module.removeprefix("tf_keras") if module.startswith("tf_keras") else module
