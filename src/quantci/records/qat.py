"""[qat] of quantci.toml, and what training tells."""

from typing import Annotated

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Count, NonNegative, Ratio


class QatConfig(Record, frozen=True, kw_only=True):
    """Quantization-aware training, which the recipe `qat` does (docs/qat.md)."""

    fine_tune: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(
            description="Your function as module:function; called with a seed, it yields (x, y) batches, x as the "
            "model takes it, y what is right or None. If not set: the calibration set, against the float model.",
        ),
    ] = None
    loss: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(
            description="Your loss as module:function, called with the outputs and y, both tensors of torch.",
        ),
    ] = None
    steps: Annotated[int, Meta(ge=1, le=100_000, description="Batches to train on at most.")] = 600
    learning_rate: Annotated[
        float, Meta(gt=0, le=0.1, description="Of the first step, relative to the weights; 0.005 to 0.01 do well.")
    ] = 0.005
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1, description="Of the first training.")] = 0
    seeds: Annotated[int, Meta(ge=1, le=20, description="Trainings, each with the next seed; the best is kept.")] = 1


class QatRun(Record, frozen=True, kw_only=True):
    """One training."""

    seed: Annotated[Count, Meta(description="Its seed.")]
    steps: Annotated[Count, Meta(description="Batches that it was trained on; fewer than asked for where it stopped.")]
    best_step: Annotated[Count, Meta(description="After which the tuning split was best; 0 is before the first.")]
    batch_loss: Annotated[
        float | None, Meta(description="Mean over the last tenth of the batches; null if not a number.")
    ]
    tuning_loss: Annotated[float, Meta(description="Of the tuning split, at the best step.")]
    agreement: Annotated[
        Ratio | None,
        Meta(description="Samples of the tuning split with the float model's class; null without classes."),
    ]


class QatInfo(Record, frozen=True, kw_only=True):
    """Quantization-aware training: how the weights and ranges of the INT8 model were tuned."""

    source: Annotated[str, Meta(description="Where the batches came from: the function, or `calibration set`.")]
    teacher: Annotated[
        str, Meta(description="What was approached: `float model`, that `and labels`, or the loss' function.")
    ]
    start: Annotated[str, Meta(description="Range rule that training started from.")]
    tuning_samples: Annotated[Count, Meta(description="Samples that were held back to choose the best step.")]
    start_loss: Annotated[float, Meta(description="Of the tuning split, before the first step.")]
    start_agreement: Annotated[
        Ratio | None, Meta(description="The same of the agreement with the float model's class; null without classes.")
    ]
    runs: Annotated[list[QatRun], Meta(description="The trainings, by seed.")]
    chosen: Annotated[Count, Meta(description="Place of the one that was kept, from 0.")]
    seconds: Annotated[NonNegative, Meta(description="That it all took.")]
    torch_version: Annotated[str, Meta(description="Version of torch.")]
