"""What `quantci diagnose` writes: where between the model's input and its output accuracy goes."""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.stage import Advice, StageRecord
from quantci.records.units import Count, NonNegative, Positive, Ratio, Sha256, SignedRatio

MOST_DB = 120.0  # float32 itself holds no more than 144 dB
Decibel = Annotated[
    float,
    Meta(ge=-MOST_DB, le=MOST_DB, description="Signal to error in decibel; 120 stands for no error at all."),
]


class LayerError(Record, frozen=True, kw_only=True):
    """One activation of the INT8 model against the same one of the float model, over all calibration samples.

    `sqnr_db` is 10 log10(sum x^2 / sum (x - y)^2), x in float and y dequantized. Of the channels (the last axis) it is
    taken one by one, and the median of those that carry a signal is kept: a channel that is far larger than the others
    hides in the sum that all others are lost. Of SOFTMAX it is that of the whole: there small channels are meant to be.
    """

    op_index: Annotated[Count | None, Meta(description="Index of the op in the quantized model; null: model input.")]
    op: Annotated[str, Meta(description="Kind of the op, or INPUT.")]
    name: Annotated[str, Meta(description="Name of the activation, from before names were stripped.")]
    rank: Annotated[Positive, Meta(description="1 is the layer that adds most error of its own.")]
    sqnr_db: Annotated[Decibel, Meta(description="As the whole network runs, with the errors of all earlier layers.")]
    channel_sqnr_db: Annotated[Decibel, Meta(description="The same, median over the channels.")]
    own_sqnr_db: Annotated[Decibel, Meta(description="Of this layer alone: the float op takes what the INT8 op took.")]
    own_channel_sqnr_db: Annotated[Decibel, Meta(description="The same, median over the channels.")]
    cosine: Annotated[
        SignedRatio | None, Meta(description="Cosine similarity; null where one side is zero in every sample.")
    ]
    saturation: Annotated[
        Ratio,
        Meta(
            description="Share of integers at a limit of their type, while the float value is more than 1.5 steps from "
            "what that limit stands for."
        ),
    ]
    largest_error: Annotated[NonNegative, Meta(description="Largest absolute difference, in real values.")]


class WeightChannels(Record, frozen=True, kw_only=True):
    """The ranges (largest absolute weight) of the output channels of one layer, in the float model."""

    op_index: Annotated[Count, Meta(description="Index of the op in the float model.")]
    op: Annotated[str, Meta(description="TFLite builtin name.")]
    name: Annotated[str, Meta(description="Name of the layer's output.")]
    channels: Annotated[Positive, Meta(description="Output channels, without those that have almost no range.")]
    largest_to_median: Annotated[float, Meta(ge=1, description="Largest range over the median one.")]
    largest_to_smallest: Annotated[float, Meta(ge=1, description="Largest range over the smallest one.")]
    largest_channel: Annotated[Count, Meta(description="Index of the channel with the largest range.")]
    is_per_channel: Annotated[
        bool | None, Meta(description="Whether INT8 has one scale per channel; null if not matched.")
    ]


class ClippedActivation(Record, frozen=True, kw_only=True):
    """An activation that leaves the range of its integers, by more than 1.5 steps, in the float model."""

    op_index: Annotated[Count | None, Meta(description="Index of the op in the quantized model; null: model input.")]
    name: Annotated[str, Meta(description="Name of the activation, from before names were stripped.")]
    low: Annotated[float, Meta(description="Smallest real value that its integers stand for.")]
    high: Annotated[float, Meta(description="Largest real value that its integers stand for.")]
    calibration_ratio: Annotated[Ratio, Meta(description="Share of the values outside, on calibration samples.")]
    evaluation_ratio: Annotated[Ratio, Meta(description="Share of the values outside, on evaluation samples.")]


class DiagnoseResult(Record, frozen=True, kw_only=True):
    """Both models, tensor by tensor, on the same samples."""

    float_sha256: Sha256
    quantized_sha256: Sha256
    interpreters: Annotated[tuple[str, str], Meta(description="Interpreter and kernels of float and of INT8.")]
    samples: Annotated[Positive, Meta(description="Calibration samples that were compared.")]
    evaluation_samples: Annotated[Count, Meta(description="Evaluation samples that were looked at for clipping.")]
    threshold_db: Annotated[float, Meta(description="Below it a layer counts as bad.")]
    layers: Annotated[list[LayerError], Meta(description="In the order in which they run.")]
    unmatched: Annotated[list[str], Meta(description="Activations of the INT8 model with no counterpart in float.")]
    first_below: Annotated[
        Count | None,
        Meta(description="Place in `layers` of the first one whose sqnr_db or channel_sqnr_db is below the threshold."),
    ]
    weights: Annotated[list[WeightChannels], Meta(description="In the order of the float model.")]
    clipped: Annotated[list[ClippedActivation], Meta(description="Only those that clip; worst first.")]
    advice: Annotated[list[Advice], Meta(description="Most important first.")]

    @property
    def models(self) -> tuple[str, str]:
        """Digests of the quantized and of the float model that this is about."""
        return self.quantized_sha256, self.float_sha256


class DiagnoseRecord(StageRecord, frozen=True, kw_only=True):
    """Record of the stage `diagnose`."""

    stage: Annotated[Literal["diagnose"], Meta(description="Name of the stage.")]
    result: Annotated[DiagnoseResult | None, Meta(description="What the stage found; null when it failed.")]
