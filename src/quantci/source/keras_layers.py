"""A table of a Keras file's layers, from what the file says: nothing is built, nothing is run."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantci.records.base import encode
from quantci.records.keras_model import KerasLayer, KerasSummary
from quantci.source.digest import digest
from quantci.source.keras_file import KerasFile, read_keras
from quantci.source.keras_rules import faults, without_training

if TYPE_CHECKING:
    from collections.abc import Iterator


def summarize_keras(inside: str, kind: str, file_name: str, where: str) -> bytes:
    """A KerasSummary as JSON. Runs in the jail.

    Raises:
        ModelRejected: `malformed`, `too-large`. What is not accepted is in the summary, and no error.
    """
    path = Path(inside)
    file = read_keras(path, kind, where)
    config = without_training(file.config)
    training = {"optimizer", "optimizer_weights"}
    weights = {place: shape for place, shape in file.weights.items() if training.isdisjoint(place.split("/"))}
    rows = list(_rows(config, file, weights, "", where))
    return encode(
        KerasSummary(
            file_name=file_name,
            sha256=digest(path),
            file_bytes=path.stat().st_size,
            format=file.format,
            model=str(config.get("class_name", ""))[:100],
            parameter_count=sum(map(math.prod, weights.values())),
            layers=rows,
            refused=[fault.cause for fault in faults(config, file.format, where)],
        )
    )


def _rows(
    model: dict[str, Any], file: KerasFile, weights: dict[str, list[int]], prefix: str, where: str
) -> Iterator[KerasLayer]:
    for layer in _layers(model):
        name = _text(layer, "name")
        nested = _layers(layer)
        own = {} if nested else {place: shape for place, shape in weights.items() if _is_of(place, name, prefix, file)}
        found = faults(layer, file.format, where) if not nested else []
        yield KerasLayer(
            name=prefix + name,
            layer=_kind(layer),
            input_shape=_input_shape(layer),
            weight_shapes=list(own.values()),
            parameters=sum(map(math.prod, own.values())),
            refused=found[0].cause if found else None,
        )
        if nested:
            yield from _rows(layer, file, weights, f"{prefix}{name}/", where)


def _layers(model: dict[str, Any]) -> list[dict[str, Any]]:
    """Layers of a model: in `config.layers`, in old Sequential files `config` itself."""
    config = model.get("config")
    layers = config.get("layers") if isinstance(config, dict) else config
    return [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []


def _is_of(place: str, name: str, prefix: str, file: KerasFile) -> bool:
    """Whether an array is a weight of the layer: by the names of the groups around it."""
    groups = place.split("/")
    around = [file.layer_names.get("/".join(groups[:end]), "") for end in range(1, len(groups))]
    names = around if file.format == "keras" else groups[1:-1]
    return name in names and all(outer in names for outer in prefix.split("/")[:-1])


def _text(layer: dict[str, Any], key: str) -> str:
    config = layer.get("config")
    value = config.get(key) if isinstance(config, dict) else None
    value = value if isinstance(value, str) else layer.get(key)
    return value[:100] if isinstance(value, str) else ""


def _kind(layer: dict[str, Any]) -> str:
    kind = str(layer.get("class_name", ""))[:100]
    config = layer.get("config")
    inner = config.get("layer") if isinstance(config, dict) else None
    if isinstance(inner, dict):
        return f"{kind}({_kind(inner)})" if len(kind) < 100 else kind
    function = _text(layer, "function")
    return f"{kind}({function})" if function else kind


def _input_shape(layer: dict[str, Any]) -> list[int] | None:
    config, built = layer.get("config"), layer.get("build_config")
    config, built = (value if isinstance(value, dict) else {} for value in (config, built))
    said = [built.get("input_shape"), config.get("batch_shape"), config.get("batch_input_shape")]
    nodes = layer.get("inbound_nodes")
    if isinstance(nodes, list) and nodes and isinstance(nodes[0], dict):
        arguments = nodes[0].get("args")
        first = arguments[0] if isinstance(arguments, list) and arguments else None
        said.append(first.get("config", {}).get("shape") if isinstance(first, dict) else None)
    for shape in said:
        if isinstance(shape, list) and all(size is None or isinstance(size, int) for size in shape):
            return [-1 if size is None else size for size in shape]
    return None
