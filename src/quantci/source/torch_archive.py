"""What a .pt2 file may hold: torch.export.load() runs code from pickles, symbolic shapes and names of functions.

Its graph is JSON, its weights are plain bytes. What is known to be harmless is packed again: what was looked at is what
is loaded, and nothing else.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final

from quantci.errors import ModelRejected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXAMPLE: Final = "data/sample_inputs/model.pt"  # a pickle: who loads it looks first whether it holds but tensors
_GRAPH: Final = "models/model.json"
_CONFIGS: Final = ("data/weights/model_weights_config.json", "data/constants/model_constants_config.json")
_PLAIN: Final = re.compile(
    r"archive_format|archive_version|byteorder|\.data/version|version|\.data/serialization_id|data/weights/weight_\d+"
    rf"|data/constants/tensor_\d+|{re.escape(EXAMPLE)}"
)
_PAYLOAD: Final = re.compile(r"(weight|tensor)_\d+")  # others are pickles, whatever is said of them
# from_file() and save() reach files.
_OPERATORS: Final = re.compile(
    r"torch\.ops\.aten\.(?!(from_file|save)\.)\w+\.\w+|_operator\.(getitem|add|sub|mul|truediv|floordiv)"
)
# What holds several inputs or outputs. For others Python imports a module that the file names.
_CONTAINERS: Final = frozenset({None, "builtins.tuple", "builtins.list", "builtins.dict", "collections.OrderedDict"})
_SAVE_AGAIN: Final = "Save it with torch.export.save(torch.export.export(model.eval(), (example,)), 'model.pt2')."


def repack(path: Path, limit_bytes: int, where: str) -> None:
    """Check the archive, and replace it by one of what was checked.

    Raises:
        ModelRejected: `malformed`, `too-large`, `format-not-accepted` (a pickle), `unsafe-op`, `dynamic-shape`.
    """
    members = _read(path, limit_bytes, where)
    for name in _CONFIGS:
        _check_payloads(_json(members, name, where), where)
    graph = _json(members, _GRAPH, where)
    _check_graph(graph, where)
    graph["guards_code"] = []  # Python that would check the input's shape
    for node in graph["graph_module"]["graph"]["nodes"]:
        node["metadata"] = {}  # names of Python functions, for those who debug
    members[_GRAPH] = json.dumps(graph).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"model/{name}", data)


def _read(path: Path, limit_bytes: int, where: str) -> dict[str, bytes]:
    members: dict[str, bytes] = {}
    left = limit_bytes
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                name = member.filename.partition("/")[2]
                if name.startswith("extra/"):
                    continue
                if name in members or not (name in {_GRAPH, *_CONFIGS} or _PLAIN.fullmatch(name)):
                    raise _malformed(f"{member.filename[:100]!r} does not belong in it, or is in it twice", where)
                with archive.open(member) as file:
                    members[name] = file.read(left + 1)
                left -= len(members[name])
                if left < 0:
                    raise ModelRejected(
                        "too-large",
                        f"The archive holds more than {limit_bytes:,} bytes.",
                        where=where,
                        remedy="A model for a microcontroller is far smaller.",
                    )
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, NotImplementedError) as error:
        raise _malformed(" ".join(str(error).split())[:200], where) from None
    return members


def _json(members: dict[str, bytes], name: str, where: str) -> dict[str, Any]:
    if name not in members:
        raise _malformed(f"it has no {name}: it was not written by torch.export.save() of PyTorch 2.9 or later", where)
    try:
        tree = json.loads(members[name])
    except (ValueError, RecursionError) as error:
        raise _malformed(f"{name} is not JSON: {str(error)[:200]}", where) from None
    if not isinstance(tree, dict):
        raise _malformed(f"{name} is not an object", where)
    return tree


def _check_payloads(config: dict[str, Any], where: str) -> None:
    for payload in _objects(config):
        name = payload.get("path_name")
        if payload.get("use_pickle") or not (name is None or _PAYLOAD.fullmatch(str(name))):
            raise holds_pickle("a weight or a constant", where)


def holds_pickle(what: str, where: str) -> ModelRejected:
    """A part of it is a Python pickle, or something that only a pickle can be."""
    return ModelRejected(
        "format-not-accepted",
        f"It holds {what} as a Python pickle, which runs code when it is loaded; it was not opened.",
        where=where,
        remedy=f"Keep to plain tensors as parameters, buffers and example. {_SAVE_AGAIN}",
    )


def _check_graph(graph: dict[str, Any], where: str) -> None:
    try:
        nodes = graph["graph_module"]["graph"]["nodes"]
        targets = [str(node["target"]) for node in nodes]
    except (KeyError, TypeError):
        raise _malformed(f"{_GRAPH} has no list of nodes", where) from None
    if graph.get("range_constraints") or any(part.get("as_expr") for part in _objects(graph)):
        raise ModelRejected(
            "dynamic-shape",
            "It was exported with dynamic shapes.",
            where=where,
            remedy="Export it without dynamic_shapes, with an example of batch size 1: a microcontroller reserves its "
            "memory once.",
        )
    for part in _objects(graph):
        if part.get("as_graph"):
            raise _unsafe("holds a graph within the graph", where)
        for key in ("in_spec", "out_spec"):
            _check_containers(part.get(key), where)
    for target in targets:
        if not _OPERATORS.fullmatch(target):
            raise _unsafe(f"calls {target[:200]}, which is not one of PyTorch's own tensor operators", where)


def _check_containers(spec: Any, where: str) -> None:
    """Refuse what the module takes or returns where a class of its own holds it."""
    if not spec:
        return
    try:
        kinds = {part.get("type") for part in _objects(json.loads(spec)) if "children_spec" in part}
        contexts = [json.loads(part.get("context") or "null") for part in _objects(json.loads(spec))]
    except (ValueError, TypeError, RecursionError):
        raise _malformed("what the module takes or returns is not described as JSON", where) from None
    if not kinds <= _CONTAINERS or any(True for context in contexts for _ in _objects(context)):
        raise _unsafe("takes or returns something else than tensors in tuples, lists and dicts", where)


def _unsafe(what: str, where: str) -> ModelRejected:
    return ModelRejected(
        "unsafe-op",
        f"Its graph {what}; it is not run.",
        where=where,
        remedy="Export only what a prediction needs, without control flow and without operators of your own.",
    )


def _objects(tree: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in the tree."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _malformed(why: str, where: str) -> ModelRejected:
    return ModelRejected("malformed", f"This .pt2 file cannot be read: {why}.", where=where, remedy=_SAVE_AGAIN)
