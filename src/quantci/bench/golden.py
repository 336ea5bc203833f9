"""The golden model: tiny, shipped, with known outputs. A device that gets it wrong is broken, whatever else it says."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from quantci.errors import ToolError
from quantci.records.base import Record
from quantci.records.units import Sha256
from quantci.tflite.model import Model

GOLDEN_MODEL: Final = "golden.tflite"
GOLDEN_FILE: Final = "golden.json"

_Hex = Annotated[str, Meta(pattern="^([0-9a-f]{2})+$")]


class _Known(Record, frozen=True, kw_only=True):
    sha256: Sha256
    inputs: list[_Hex]
    outputs: list[_Hex]


class Golden(NamedTuple):
    """The model, and its inputs with the outputs that they have."""

    model: Model
    samples: list[tuple[bytes, bytes]]


def read_golden() -> Golden:
    """Those that came with this quantci.

    Raises:
        ToolError: `hash-mismatch`: the installation is damaged.
    """
    folder = files("quantci.bench")
    model = Model((folder / GOLDEN_MODEL).read_bytes(), GOLDEN_MODEL)
    known = msgspec.json.decode((folder / GOLDEN_FILE).read_bytes(), type=_Known)
    if model.sha256 != known.sha256:
        raise ToolError(
            "hash-mismatch",
            "The golden model is not the one that its outputs are known of.",
            where=str(folder / GOLDEN_MODEL),
            remedy="Install quantci again.",
        )
    pairs = zip(known.inputs, known.outputs, strict=True)
    return Golden(model, [(bytes.fromhex(given), bytes.fromhex(made)) for given, made in pairs])
