"""Rewrite the float model, with the first samples of the calibration set to prove it on."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from quantci.data.tally import Tally
from quantci.rewrite.rewrite import Result, rewrite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from quantci.data.preprocess import Preprocessing
    from quantci.data.sample import Sample
    from quantci.tflite.model import Model

_PROVED_ON: Final = 4


def rewrite_on(float_model: Model, preprocessing: Preprocessing, samples: list[Sample], chip: str) -> Result:
    """Rewrite a model. Runs in a worker, which reads samples only if there is something to prove."""

    def tensors() -> list[NDArray[np.float32]]:
        read = Tally().read(samples, preprocessing)
        return [loaded.tensor for _, loaded in islice(read, _PROVED_ON)]

    return rewrite(float_model, tensors, chip)
