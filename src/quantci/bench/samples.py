"""The evaluation set as the device takes it, and what the oracle on the host made of it: evaluate's predictions.

The predictions may come from another job, on another machine: they are checked as a stranger's file.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from quantci.data.culprits import printable
from quantci.data.npz import MOST_ARRAY_BYTES, read_array, read_texts
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples
from quantci.errors import DataRejected, ToolError
from quantci.records.baseline_folder import read_file
from quantci.tasks.choose import choose_task
from quantci.tasks.outputs import only_input
from quantci.tflite.fixed_point import quantize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quantci.data.sample import Sample
    from quantci.records.config import Config
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.model import ModelSummary, TensorInfo
    from quantci.tasks.task import Task

ORACLE: Final = "int8-oracle"


class Loaded(NamedTuple):
    """One sample: as the float model takes it, [1, m], and as the INT8 model does, in its own shape."""

    tensor: NDArray[np.float32]
    integers: NDArray[np.generic]


class EvaluationSet(NamedTuple):
    """The samples that evaluate judged, in its order.

    Attributes:
        task: knows what is kept of outputs, and what is right.
        samples: [n].
        labels: class names by index.
        outputs: of the INT8 model, those that are judged.
        kept: [n, d], what the task kept of the oracle's outputs.
        digests: content of the samples when evaluate read them, [n].
        preprocessing: of the model.
        taken: its input.
    """

    task: Task
    samples: Sequence[Sample]
    labels: Sequence[str]
    outputs: Sequence[TensorInfo]
    kept: NDArray[np.generic]
    digests: Sequence[str]
    preprocessing: Preprocessing
    taken: TensorInfo

    def load(self, place: int) -> Loaded:
        """Read a sample.

        Raises:
            DataRejected: `samples-changed`: it is not what evaluate read; or why it cannot be read.
        """
        sample = self.samples[place]
        loaded = self.preprocessing.load(sample)
        if loaded.content_sha256 != self.digests[place]:
            raise _changed(sample.id, "has other content now")
        return Loaded(loaded.tensor.reshape(1, -1), self._given(loaded.tensor))

    def _given(self, tensor: NDArray[np.float32]) -> NDArray[np.generic]:
        """What the INT8 model takes: integers, unless a QUANTIZE in it makes them."""
        taken = self.taken
        return quantize(tensor, taken.scale[0], taken.zero_point[0], taken.dtype) if taken.scale else tensor


def find_set(
    config: Config, base: Path, output: Path, evaluated: EvaluateResult, summary: ModelSummary
) -> EvaluationSet:
    """The evaluation set, with what evaluate left in the output folder.

    Args:
        config: the effective configuration.
        base: folder that relative paths in it start from.
        output: folder with evaluate's predictions.
        evaluated: what its record says.
        summary: of the INT8 model.

    Raises:
        DataRejected: `samples-changed`, and what else is wrong with the set.
        ToolError: `predictions`: they are missing, damaged or of another evaluation.
    """
    task = choose_task(config.task)
    outputs = task.outputs_of(summary)
    taken = only_input(summary, summary.file_name)
    preprocessing = Preprocessing.for_model(config.input, taken.shape)
    found = _read(output, evaluated, task.nothing_kept(outputs, is_float=False))
    listed, labels = find_samples(config.evaluation.data, base, task, config.input, "evaluation")
    by_id = {sample.id: sample for sample in listed}
    missing = next((name for name in found.ids if name not in by_id), None)
    if missing is not None:
        raise _changed(missing, "is no longer there")
    samples = [by_id[name] for name in found.ids]
    return EvaluationSet(task, samples, labels, outputs, found.kept, found.digests, preprocessing, taken)


class _Predictions(NamedTuple):
    ids: list[str]
    digests: list[str]
    kept: NDArray[np.generic]


def _read(output: Path, evaluated: EvaluateResult, nothing: NDArray[np.generic]) -> _Predictions:
    path = output / evaluated.predictions_file
    data = read_file(output, evaluated.predictions_file, MOST_ARRAY_BYTES)
    if hashlib.sha256(data).hexdigest() != evaluated.predictions_sha256:
        raise _unusable(path, "they are not those that evaluate.json describes")
    count = evaluated.dataset.used
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            ids = read_texts(archive, "id", count)
            digests = read_array(archive, "content_sha256", np.dtype(np.uint8), (count, 32))
            step = evaluated.steps[-1].name.replace("-", "_")  # what judged INT8
            kept = read_array(archive, step, nothing.dtype, (count, *nothing.shape[1:]))
    except Exception as error:  # zipfile and numpy raise what they like on damaged archives and headers
        raise _unusable(path, printable(f"{type(error).__name__}: {error}", 300)) from error
    return _Predictions(ids, [row.tobytes().hex() for row in digests], kept)


def _unusable(path: Path, reason: str) -> ToolError:
    return ToolError(
        "predictions",
        f"Evaluate's predictions cannot be used: {reason}.",
        where=str(path),
        remedy="Run quantci evaluate again, and bench in the same output folder.",
    )


def _changed(sample: str, how: str) -> DataRejected:
    return DataRejected(
        "samples-changed",
        f"A sample that evaluate judged {how}: the device cannot be compared on it.",
        where=sample,
        remedy="Run quantci evaluate again on the evaluation set as it is now.",
    )
