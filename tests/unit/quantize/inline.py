"""A pool and a source for tests: everything happens at once, in this process, and is counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from quantci.quantize.prepare import Prepared, prepare
from quantci.records.config import CalibrationConfig, Config, EvaluationConfig, ModelConfig, QuantizationConfig
from quantci.records.input_config import InputConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from quantci.tflite.model import Model


class InlinePool:
    """Runs a call where it is handed in.

    Attributes:
        calls: how often each function was called, by its name.
    """

    size = 2

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    def submit(self, function: Callable[..., Any], *args: Any) -> Any:
        self.calls[function.__name__] += 1
        return function(*args)

    def result(self, call: Any) -> Any:
        return call

    call = submit


class FloatSource:
    """A float model that is its own source; `outputs` are what another framework says of the samples."""

    format = "tflite"
    needs_tensorflow = False
    turned_shape: list[int] | None = None
    exported_difference: float | None = None
    signature: str | None = None
    converter: str | None = None
    sha256 = "0" * 64

    def __init__(self, model: Model, outputs: Callable[[NDArray[np.float32]], Any] | None = None) -> None:
        self.conversions = 0
        self._model, self._outputs = model, outputs

    def convert(self) -> Model:
        self.conversions += 1
        return self._model

    def outputs(self, samples: NDArray[np.float32]) -> Any:
        return None if self._outputs is None else self._outputs(samples)

    def first_difference(self, samples: NDArray[np.float32]) -> str:
        """Not known."""
        del samples
        return ""


def config_of(*, rewrite: bool = True, **calibration: Any) -> Config:
    """Tensors in a folder `data`, taken as they are."""
    return Config(
        model=ModelConfig(source="model.tflite"),
        input=InputConfig(mean=(0.0,), std=(1.0,)),
        calibration=CalibrationConfig(data="data", **calibration),
        evaluation=EvaluationConfig(data="elsewhere"),
        quantization=QuantizationConfig(rewrite=rewrite),
    )


def prepared_by(source: FloatSource, folder: Path, workers: InlinePool, **calibration: Any) -> Prepared:
    """What prepare makes of the source and of the tensors in `folder`/data."""
    pool: Any = workers
    return prepare(config_of(**calibration), folder, source=source, workers=pool, progress=lambda *_: None)
