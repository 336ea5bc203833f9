"""Which ops of a model an interpreter means when it prints why it refuses the model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from quantci.records.model import OpInfo
    from quantci.tflite.model import Model

# TFLM's "Node EXP (number 0f) failed to prepare", LiteRT's "Node number 0 (EXP) failed to prepare".
_NODES: Final = (
    re.compile(r"Node (?P<op>\w+) \(number (?P<number>\d+)f?\) failed"),
    re.compile(r"Node number (?P<number>\d+) \((?P<op>\w+)\) failed"),
)
_NO_OP: Final = re.compile(
    r"Didn't find op for builtin opcode '(\w+)'|Unsupported custom op: '?(\w+)|unresolved custom op: (\w+)"
)


def failed_op(model: Model, text: str) -> list[OpInfo]:
    """The op of the main subgraph that failed to prepare or to run, by its number; none if no op is named."""
    for pattern in _NODES:
        found = pattern.search(text)
        if found is not None:
            number = int(found["number"])
            return [op for op in model.summary.ops if op.index == number and op.op == found["op"]]
    return []


def missing_op(text: str) -> str | None:
    """Name of the op that the interpreter has no kernel for, if that is what it prints."""
    found = _NO_OP.search(text)
    return None if found is None else found[1] or found[2] or found[3]


def ops_named(model: Model, name: str) -> list[OpInfo]:
    """The ops of this name in the main subgraph."""
    return [op for op in model.summary.ops if op.op == name]


def blamed(model: Model, text: str) -> list[OpInfo]:
    """The ops that an interpreter means: the one that failed, or all of the kind that it has no kernel for."""
    missing = missing_op(text)
    return failed_op(model, text) if missing is None else ops_named(model, missing)
