"""What a model is for and what it takes, as far as it shows: what is a guess is called one."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from quantci.records.config import Task
    from quantci.records.keras_model import KerasLayer
    from quantci.records.model import ModelSummary

_ARITHMETIC: Final = frozenset({"MUL", "SUB", "ADD", "DIV"})
_FIRST: Final = frozenset({"Rescaling", "Normalization"})
# What stands before the first layer that computes: it changes nothing, or nothing once the model is trained.
_PASSES: Final = frozenset({"InputLayer", "Cast"})
_FEW: Final = 8  # an autoencoder has more values; a model of few numbers may give as many by chance
_MOST_FILES: Final = 1000
_FIRST_INTEGER: Final = {"int8": -128, "uint8": 0}
# Range of what the model takes -> mean and std of pixels that give it.
_SCALINGS: Final = {(0, 1): (0.0, 255.0), (-1, 1): (127.5, 127.5), (0, 255): (0.0, 1.0)}
_CLOSE: Final = 0.1  # a calibration set need not have a black and a white pixel


class Kind(NamedTuple):
    """The task.

    Attributes:
        kind: its word in quantci.toml.
        why: what speaks for it, or that it is a guess.
    """

    kind: Task
    why: str


def guess_kind(summary: ModelSummary) -> Kind:
    """What the model answers, by its shapes and its last op."""
    from quantci.tasks.last_op import last_op
    from quantci.tasks.unjudged import unjudged

    taken, given = summary.inputs[0].shape, summary.outputs[0].shape
    last, count = last_op(summary), math.prod(given)
    if (found := unjudged(summary)) is not None:
        return Kind("regression", f"a guess: {found.task}, of which each number is judged by itself; {found.why}")
    if last == "SOFTMAX":
        return Kind("classification", "it ends in a softmax")
    if taken == given and count >= _FEW:
        return Kind("anomaly", "it gives what it takes, an autoencoder; the score is the mean squared error")
    if last == "LOGISTIC":
        return (
            Kind("classification", "a guess: it ends in one sigmoid, so two classes")
            if count == 1
            else Kind("multi-label", "a guess: a sigmoid for each output, so any number of labels; or classification")
        )
    if count == 1 or count > max(given):
        what = "one number; or classification in two classes" if count == 1 else f"{count} numbers, as a forecast has"
        return Kind("regression", f"a guess: {what}")
    return Kind("classification", "a guess: scores without a softmax; or multi-label, or regression")


Normalised = Literal["inside", "outside", "unknown"]


def normalises(summary: ModelSummary, layers: Sequence[KerasLayer] = ()) -> Normalised:
    """Whether the model normalises its input itself.

    A Keras file says it by its first layer. The graph of a .tflite shows it only where the arithmetic was kept:
    TFLiteConverter folds a Rescaling into the convolution behind it.
    """
    if layers:
        first = next((layer.layer for layer in layers if not _is_passed(layer.layer)), "")
        return "inside" if first in _FIRST else "outside"
    taken = summary.inputs[0].index
    return "inside" if any(op.op in _ARITHMETIC and taken in op.inputs for op in summary.ops) else "unknown"


def _is_passed(layer: str) -> bool:
    return layer in _PASSES or layer.startswith("Random")  # augmentation works in training only


class Scaling(NamedTuple):
    """How pixels were scaled in the training: x = (pixel - mean) / std.

    Attributes:
        mean: of each channel.
        std: of each channel.
        why: what speaks for it.
    """

    mean: float
    std: float
    why: str


def guess_scaling(quantized: ModelSummary) -> Scaling | None:
    """What the integers that an INT8 model takes stand for, if that is one of the usual ranges; None if not."""
    from quantci.tflite.float_io import integers_taken

    taken = integers_taken(quantized, quantized.inputs[0])
    if taken is None or len(taken.scale) != 1 or taken.dtype not in _FIRST_INTEGER:
        return None
    lowest = _FIRST_INTEGER[taken.dtype]
    low = (lowest - taken.zero_point[0]) * taken.scale[0]
    high = low + 255 * taken.scale[0]
    for (first, last), (mean, std) in _SCALINGS.items():
        if max(abs(low - first), abs(high - last)) < _CLOSE * (last - first):
            return Scaling(mean, std, f"the integers of its input stand for about {first:g} to {last:g}")
    return None


def is_picture(shape: Sequence[int], evaluation: Path, normalised: Normalised) -> bool:
    """Whether the input is a picture: three channels are; of one, the set decides, or else what is usual.

    A table of features, such as MFCCs [49, 10, 1], has the shape of a grey picture that is not square.
    """
    if len(shape) != 4 or shape[3] not in {1, 3}:
        return False
    if shape[3] == 3:
        return True
    suffixes = _suffixes(evaluation)
    if suffixes:
        from quantci.data.listing import IMAGES

        return bool(suffixes & set(IMAGES))
    return shape[1] == shape[2] or normalised == "inside"


def _suffixes(folder: Path) -> set[str]:
    """Endings of the first files of a set; empty where there is none."""
    if not folder.is_dir():
        return set()
    return {path.suffix.lower() for path in islice(folder.rglob("*.*"), _MOST_FILES)}
