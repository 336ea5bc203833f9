"""What a worker does with a batch of samples: both models with all tensors kept, and the float ops one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from quantci.data.tally import Tally
from quantci.diagnose.sums import Integers, LayerSums
from quantci.errors import ModelRejected
from quantci.tflite.fixed_point import quantize
from quantci.tflite.isolate_ops import Slot, isolate_ops
from quantci.tflite.lite_rt import open_preserved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from quantci.data.preprocess import Preprocessing
    from quantci.data.sample import Sample
    from quantci.diagnose.match import Pair
    from quantci.tflite.model import Model

FLOAT_KERNELS: Literal["builtin"] = "builtin"
# The closest to TFLM, which keeps no tensors: 0 to 3 LSB apart where the optimized kernels are up to 48 apart.
INT8_KERNELS: Literal["reference"] = "reference"


class Fed(NamedTuple):
    """An activation that an op takes: its tensor in the INT8 model, and how its integers are read; None of floats."""

    tensor: int
    integers: Integers | None


@dataclass(frozen=True)
class Job:
    """What a worker needs; it is sent to each worker once.

    Attributes:
        float_model, quantized_model: the models.
        preprocessing: how samples are read.
        pairs: which activation is which.
        integers: how those of the INT8 model are read, by pair.
        feeds: for inputs of float ops, what the INT8 op takes there.
        rescaled: for QUANTIZE ops of the INT8 model, by their index, what they take.
    """

    float_model: Model
    quantized_model: Model
    preprocessing: Preprocessing
    pairs: tuple[Pair, ...]
    integers: tuple[Integers, ...]
    feeds: dict[Slot, Fed]
    rescaled: dict[int, Fed]


class Batch(NamedTuple):
    """What the samples of a batch add up to.

    Attributes:
        tally: what was read and what was skipped.
        layers: by pair; empty where no sample could be read.
        outside: float values that the integers cannot hold, by pair.
        values: how many there are, by pair.
    """

    tally: Tally
    layers: list[LayerSums]
    outside: NDArray[np.int64]
    values: NDArray[np.int64]


class Comparer:
    """The interpreters of one worker."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._isolated = isolate_ops(job.float_model)
        self._float = open_preserved(job.float_model, FLOAT_KERNELS)
        self._int8 = open_preserved(job.quantized_model, INT8_KERNELS)
        self._ops = open_preserved(self._isolated.model, FLOAT_KERNELS)

    def compare(self, tensor: NDArray[np.float32]) -> list[LayerSums]:
        """Sums of one sample, by pair.

        Args:
            tensor: the float model's input.

        Raises:
            ModelRejected: `not-finite`: an activation of the float model is not a number on this sample.
        """
        self._float.run([tensor])
        port = self._int8.inputs[0]
        self._int8.run([quantize(tensor, port.scale, port.zero_point, port.dtype)])
        self._ops.run(list(self._op_inputs()))
        sums = []
        for pair, integers in zip(self._job.pairs, self._job.integers, strict=True):
            reference = self._finite(pair)
            quantized = self._int8.tensor(pair.tensor)
            sums.append(LayerSums.of(reference, quantized, self._own(pair), integers))
        return sums

    def outside(self, tensor: NDArray[np.float32]) -> list[tuple[int, int]]:
        """By pair, how many float values of one sample the integers cannot hold, and how many there are."""
        self._float.run([tensor])
        values = (self._finite(pair).astype(np.float64) for pair in self._job.pairs)
        return [(integers.outside(x), x.size) for x, integers in zip(values, self._job.integers, strict=True)]

    def _op_inputs(self) -> Iterator[NDArray[np.float32]]:
        """For each float op what its INT8 op took; where that is not known, what the float model has there."""
        for slot, tensor in zip(self._isolated.slots, self._isolated.tensors, strict=True):
            fed = self._job.feeds.get(slot)
            yield self._float.tensor(tensor) if fed is None else self._real(fed)

    def _own(self, pair: Pair) -> NDArray[np.float32] | None:
        if pair.float_op is not None:
            return self._ops.tensor(pair.float_tensor)
        fed = None if pair.op is None else self._job.rescaled.get(pair.op)
        return None if fed is None else self._real(fed)

    def _real(self, fed: Fed) -> NDArray[np.float32]:
        values: NDArray[np.float32] = self._int8.tensor(fed.tensor)
        return values if fed.integers is None else fed.integers.real(values).astype(np.float32)

    def _finite(self, pair: Pair) -> NDArray[np.float32]:
        values: NDArray[np.float32] = self._float.tensor(pair.float_tensor)
        if not np.isfinite(values).all():
            raise ModelRejected(
                "not-finite",
                f"The activation of tensor {pair.float_tensor} is not a number on a sample.",
                where=self._job.float_model.where,
                remedy="The float model overflows on these samples: check its weights and the preprocessing.",
            )
        return values


# A worker has one set of interpreters. They are opened by the first batch, so that a fault reaches the caller.
_job: Job | None = None
_comparer: Comparer | None = None


def take_job(job: Job) -> None:
    """Initializer of a worker."""
    global _job, _comparer
    _job, _comparer = job, None


def compare_batch(samples: Sequence[Sample]) -> Batch:
    """Compare both models on a batch, in a worker."""
    comparer, job = _opened()
    tally, layers = Tally(), list[LayerSums]()
    for _, loaded in tally.read(samples, job.preprocessing):
        found = comparer.compare(loaded.tensor)
        layers = [old + new for old, new in zip(layers, found, strict=True)] if layers else found
    outside = np.array([layer.outside for layer in layers], np.int64)
    return Batch(tally, layers, outside, np.array([layer.count for layer in layers], np.int64))


def look_outside(samples: Sequence[Sample]) -> Batch:
    """Look how far the float model leaves the ranges on a batch, in a worker."""
    comparer, job = _opened()
    tally, counts = Tally(), np.zeros((len(job.pairs), 2), np.int64)
    for _, loaded in tally.read(samples, job.preprocessing):
        counts += np.array(comparer.outside(loaded.tensor), np.int64).reshape(-1, 2)
    return Batch(tally, [], counts[:, 0], counts[:, 1])


def _opened() -> tuple[Comparer, Job]:
    global _comparer  # noqa: PLW0603
    assert _job is not None, "take_job() comes first"
    if _comparer is None:
        _comparer = Comparer(_job)
    return _comparer, _job
