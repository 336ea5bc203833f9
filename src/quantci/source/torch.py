"""A PyTorch model, by the function that builds it or as a .pt2 file: through ONNX, or by litert-torch."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quantci.errors import ModelRejected
from quantci.source.digest import digest
from quantci.source.onnx.once import ConvertOnce
from quantci.source.onnx.runtime import as_given
from quantci.source.onnx.source import float_model
from quantci.source.onnx.told import missing_onnx2tf
from quantci.source.torch_export import load, outputs, to_flatbuffer, to_onnx
from quantci.source.torch_program import MAX_FILE_BYTES
from quantci.tflite.identify import check_fetched
from quantci.workers.own_code import not_allowed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from quantci.records.code_name import CodeName
    from quantci.records.config import ModelConfig
    from quantci.tflite.model import Model
    from quantci.workers.jail import Jail

# What the other converter may know better: not what it fails on as well (facts of litert-torch 0.10).
_ONNX_FAULTS: Final = frozenset({"onnx-operator", "conversion"})
_OTHER_CONVERTER: Final = 'Or let litert-torch (6 GB) convert it: model.converter = "litert-torch".'


def open_function(
    name: CodeName, wanted: ModelConfig, base: Path, jail: Jail, *, allow_code: bool, output_dir: Path | None
) -> TorchSource:
    """The model that a function of the repository builds.

    Args:
        name: of the function.
        wanted: [model].
        base: folder of quantci.toml, which the function may read.
        jail: where it runs; it has not started yet.
        allow_code: whether the repository's code may run.
        output_dir: where the conversion of its ONNX is kept; None keeps nothing.

    Raises:
        ConfigError: `code-not-allowed`.
    """
    where = f"model.source: {name}"
    if not allow_code:
        raise not_allowed("This function", where, "or name a .pt2, .onnx or .tflite file")
    jail.let_read(base.resolve())
    return TorchSource(str(name), "torch", wanted, base, jail, where, output_dir)


class TorchSource:
    """A model that PyTorch runs.

    Attributes:
        exported_difference: largest difference between what the module and what its ONNX answered last.
    """

    needs_tensorflow = False
    signature: str | None = None

    def __init__(
        self,
        source: str,
        kind: str,
        wanted: ModelConfig,
        base: Path,
        jail: Jail,
        where: str,
        output_dir: Path | None,
    ) -> None:
        """A model that is read later.

        Args:
            source: `package.module:function`, or the path of a .pt2 file.
            kind: `torch` or `exported-program`.
            wanted: [model].
            base: folder of quantci.toml.
            jail: where it is read.
            where: the source, for messages.
            output_dir: where the conversion of its ONNX is kept; None keeps nothing.
        """
        self.format = kind
        self.converter: str | None = None
        self.turned_shape: list[int] | None = None
        self.exported_difference: float | None = None
        # That of a function's model is that of what it becomes: no file holds all that it is made of.
        self.sha256 = "" if kind == "torch" else digest(Path(source))
        self._once = ConvertOnce(jail, output_dir)
        self._source, self._wanted, self._base, self._jail, self._where = source, wanted, base, jail, where

    def convert(self) -> Model:
        """Build the model, and convert it.

        Raises:
            ConfigError: `factory`: the function cannot be imported, fails, or returns something else.
            ModelRejected: damaged, with more than one input, or not convertible.
            ToolError: `missing-extra`.
        """
        through_onnx = self._wanted.converter == "onnx2tf"
        if through_onnx and (missing := missing_onnx2tf()) is not None:
            raise missing
        source, weights = self._source, None
        if self.format == "exported-program":
            source = str(self._jail.bring(Path(source), "model.pt2", MAX_FILE_BYTES))
        if self._wanted.weights is not None:
            path = self._base / self._wanted.weights
            check_fetched(path)
            weights = str(self._jail.bring(path, "weights.pt", MAX_FILE_BYTES))
        shape = list(self._wanted.input_shape)
        _, version = self._jail.call(load, source, str(self._base.resolve()), weights, shape, self._where)
        try:
            data, converter = self._through_onnx() if through_onnx else self._jail.call(to_flatbuffer, self._where)
        except ModelRejected as error:
            if through_onnx and error.code in _ONNX_FAULTS:
                error.remedy = f"{error.remedy} {_OTHER_CONVERTER}"
            raise
        self.converter = f"PyTorch {version}, {converter}"
        self.sha256 = self.sha256 or hashlib.sha256(data).hexdigest()
        return float_model(data, self._where)

    def _through_onnx(self) -> tuple[bytes, str]:
        inside, data = self._jail.call(to_onnx, self._where)
        exported = hashlib.sha256(data).hexdigest()
        converted, known = self._once.convert(inside, f"{self.sha256} {exported}", [], self._where)
        self.sha256 = self.sha256 or exported
        self.turned_shape = known.turned_shape
        return converted, known.converter

    def outputs(self, samples: NDArray[np.float32]) -> list[NDArray[np.float32]] | None:
        """What the module answers to samples [n, ...] as the flatbuffer takes them."""
        own = self._jail.call(outputs, samples)
        if self._wanted.converter == "onnx2tf":
            exported = self._once.outputs(samples)
            own = [as_given(ours, theirs) for ours, theirs in zip(own, exported, strict=True)]
            self.exported_difference = max(
                float(abs(ours - theirs).max()) for ours, theirs in zip(own, exported, strict=True)
            )
        return own

    def first_difference(self, samples: NDArray[np.float32]) -> str:
        """The first node of its ONNX graph that the flatbuffer computes otherwise."""
        return self._once.first_difference(samples) if self._wanted.converter == "onnx2tf" else ""
