"""Which ops the component registers with TFLM, and where the custom ones come from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quantci.embed.c_syntax import identifier
from quantci.errors import ConfigError, ModelRejected
from quantci.tflite.tflm_ops import RESOLVER_METHODS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from quantci.chip.graph import Graph

HEADER_SUFFIXES: Final = frozenset({".h", ".hh", ".hpp"})


@dataclass(frozen=True, order=True)
class UsedOp:
    """An op that the model uses: a builtin by its TFLite name, or a custom op by its own."""

    name: str
    is_custom: bool = False


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """What op_resolver.h says.

    Attributes:
        builtins: method of MicroMutableOpResolver for each builtin op.
        customs: function in namespace tflite that returns the registration (`TFLMRegistration*`), for each custom op.
        headers: the users' headers that declare those functions, by the name under which they are copied.
    """

    builtins: Mapping[str, str]
    customs: Mapping[str, str]
    headers: Mapping[str, bytes]

    @property
    def ops(self) -> list[str]:
        """Names of all registered ops."""
        return [*self.builtins, *self.customs]


def used_ops(graph: Graph) -> list[UsedOp]:
    """Every op of every subgraph, once, sorted."""
    return sorted({UsedOp(op.name, is_custom=op.is_custom) for op in (*graph.ops, *graph.other_ops)})


def make_resolver(ops: Iterable[UsedOp], custom_ops: Mapping[str, str], base: Path) -> Resolver:
    """Find what registers each op.

    Args:
        ops: the ops that the model uses.
        custom_ops: header for each custom op; it declares, in namespace tflite, `TFLMRegistration* Register_NAME();`
            with NAME as in the model and every character that C does not allow replaced by an underscore.
        base: folder that the headers' paths are relative to.

    Raises:
        ModelRejected: `unsupported-op`: TFLM has no kernel; `custom-op`: nothing says what registers it.
        ConfigError: `custom-op-header`: a header cannot be used.
    """
    ops = sorted(ops)
    missing = [op.name for op in ops if not op.is_custom and op.name not in RESOLVER_METHODS]
    if missing:
        raise ModelRejected(
            "unsupported-op",
            f"TFLM has no kernel for {', '.join(missing)}.",
            where="model",
            remedy="Replace the layers that these ops come from: quantci inspect lists them.",
        )
    unknown = [op.name for op in ops if op.is_custom and op.name not in custom_ops]
    if unknown:
        raise ModelRejected(
            "custom-op",
            f"Nothing says how to register the custom op {', '.join(unknown)}.",
            where="model",
            remedy="Name the header that declares its registration under [embed.custom_ops] in quantci.toml.",
        )
    customs = [op.name for op in ops if op.is_custom]
    return Resolver(
        builtins={op.name: RESOLVER_METHODS[op.name] for op in ops if not op.is_custom},
        customs={name: f"Register_{identifier(name)}" for name in customs},
        headers=_read_headers({name: base / custom_ops[name] for name in customs}),
    )


def _read_headers(paths: Mapping[str, Path]) -> dict[str, bytes]:
    headers: dict[str, bytes] = {}
    for op, path in paths.items():
        # Resolved, so that a link called ops.h cannot bring in a file of another kind.
        target = path.resolve()
        if not re.fullmatch(r"[A-Za-z0-9_.+-]+", path.name) or not {path.suffix, target.suffix} <= HEADER_SUFFIXES:
            cause = "is not named like a header"
        elif not target.is_file():
            cause = "is not there"
        elif headers.setdefault(path.name, data := target.read_bytes()) != data:
            cause = "has the same name as the header of another op, and other content"
        else:
            continue
        raise ConfigError(
            "custom-op-header",
            f"The header of the custom op {op} {cause}.",
            where=str(path),
            remedy="Correct embed.custom_ops: a .h, .hh or .hpp file, relative to quantci.toml.",
        )
    return dict(sorted(headers.items()))
