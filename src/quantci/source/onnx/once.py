"""What onnx2tf made of the same bytes in an earlier run is taken from the output folder: it takes seconds to import.

Only the conversion is: outputs are compared anew on every run, with ONNX Runtime alone, so that no difference is ever
an old one. Graphs that were refused are not kept.
"""

from __future__ import annotations

import contextlib
import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quantci import __version__
from quantci.errors import ToolError
from quantci.records.kept_conversion import KeptConversion
from quantci.records.kept_files import FOLDER, KeptFiles, key_of
from quantci.source.onnx.convert import convert_onnx, recall
from quantci.source.onnx.runtime import first_difference, onnx_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from quantci.workers.jail import Jail

CONVERSIONS: Final = FOLDER / "conversions"


class ConvertOnce:
    """One model's conversion in a jail, or what is kept of it.

    Args:
        jail: where it runs.
        output_dir: where it is kept; None keeps nothing.
    """

    def __init__(self, jail: Jail, output_dir: Path | None) -> None:
        self._jail = jail
        self._kept = KeptFiles(output_dir / CONVERSIONS if output_dir else None)
        self._to_recall: tuple[object, ...] = ()

    def convert(
        self, inside: str, identity: str, input_shape: Sequence[int], where: str
    ) -> tuple[bytes, KeptConversion]:
        """The float flatbuffer of an ONNX model, and what is known of it.

        Args:
            inside: the .onnx in the jail.
            identity: digest of its bytes, and of whatever else the jail has read: what was in a jail with another model
                says nothing of this one.
            input_shape: of the input, where the file leaves sizes open; empty where it does not.
            where: the model's own path, for messages.
        """
        key = key_of(identity, list(input_shape), *_tools())
        found = self._kept.find(key, KeptConversion)
        data = self._kept.file(found.float_sha256) if found else None
        if found is not None and data is not None:
            self._to_recall = (inside, list(input_shape), where, data, found.tensors)
            return data, found
        data, converter, turned_shape, tensors = self._jail.call(convert_onnx, inside, list(input_shape), where)
        made = KeptConversion(
            float_sha256=hashlib.sha256(data).hexdigest(),
            converter=converter,
            turned_shape=turned_shape,
            tensors=tensors,
        )
        with contextlib.suppress(ToolError):  # not writable: whoever needs the folder says so
            self._kept.keep(key, made, [data])
            self._kept.tidy()
        return data, made

    def outputs(self, samples: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """What ONNX Runtime answers to samples [n, ...] as the flatbuffer takes them."""
        self._recall()
        return self._jail.call(onnx_outputs, samples)

    def first_difference(self, samples: NDArray[np.float32]) -> str:
        """The first node of the ONNX graph that the flatbuffer computes otherwise."""
        self._recall()
        return self._jail.call(first_difference, samples)

    def _recall(self) -> None:
        if self._to_recall:
            self._jail.call(recall, *self._to_recall)
            self._to_recall = ()


def _tools() -> list[str]:
    """Versions of all that has a part in a conversion, and a digest of our own, which changes between versions."""
    own = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        own.update(path.read_bytes())
    return [__version__, own.hexdigest(), *(f"{name} {version(name)}" for name in ("onnx2tf", "onnxsim", "onnx"))]
