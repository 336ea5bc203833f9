"""What `quantci quantize` writes: from the source model to the INT8 model."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from quantci.records.base import Record
from quantci.records.dataset import DatasetSummary, SampleDigest
from quantci.records.doubt import Doubt
from quantci.records.kernels import KernelHit
from quantci.records.ladder import LadderResult, StabilityResult
from quantci.records.model import ModelSummary
from quantci.records.qat import QatInfo
from quantci.records.rewrite import Rewrite
from quantci.records.stage import Advice, StageRecord
from quantci.records.units import Bytes, Count, NonNegative, Positive, Sha256

FLOAT_MODEL: Final = "model_float.tflite"
QUANTIZED_MODEL: Final = "model_quant.tflite"
NO_FLOAT: Final = "No float model was given (model.source)."


class SourceInfo(Record, frozen=True, kw_only=True):
    """The source model and how it became model_float.tflite."""

    path: Annotated[str, Meta(description="As written in the configuration.")]
    format: Annotated[
        Literal["keras", "hdf5", "hdf5-legacy", "saved-model", "tflite", "onnx", "torch", "exported-program"],
        Meta(description="File format."),
    ]
    sha256: Annotated[
        Sha256,
        Meta(
            description="Digest of the file, of all files of a SavedModel folder, or of what PyTorch's module became."
        ),
    ]
    signature: Annotated[str | None, Meta(description="Signature used; null for single-signature formats.")]
    converter: Annotated[str | None, Meta(description="Converter and version; null for a .tflite taken as it is.")]
    largest_difference: Annotated[
        NonNegative | None,
        Meta(description="Largest absolute output difference to the source model; null where that was not compared."),
    ]
    turned_shape: Annotated[
        list[Positive] | None,
        Meta(description="Shape of the source's input, where the float model takes its channels last; null elsewhere."),
    ] = None
    exported_difference: Annotated[
        NonNegative | None,
        Meta(description="Largest absolute output difference of PyTorch's module to its ONNX; null for other sources."),
    ] = None
    compared_samples: Annotated[Count, Meta(description="Calibration samples that were compared.")]


class GivenModel(Record, frozen=True, kw_only=True):
    """The quantized model that the configuration names (model.quantized): quantci did not make it."""

    path: Annotated[str, Meta(description="As written in the configuration.")]
    sha256: Annotated[Sha256, Meta(description="Digest of that file.")]
    reason: Annotated[str, Meta(description="Why engine, recipe and calibration are null, and ranges empty.")]
    float_reason: Annotated[
        str | None, Meta(description="Why there is no float model to compare with; null where there is one.")
    ]


class TensorRange(Record, frozen=True, kw_only=True):
    """Range of one activation over the calibration set."""

    tensor: Annotated[Count, Meta(description="Index in the main subgraph of model_float.tflite.")]
    name: Annotated[str, Meta(description="Name of the tensor in model_float.tflite.")]
    min: Annotated[float, Meta(description="Smallest value seen, in real values.")]
    max: Annotated[float, Meta(description="Largest value seen, in real values.")]


class StripInfo(Record, frozen=True, kw_only=True):
    """What was dropped because the chip never reads it."""

    bytes_before: Bytes
    bytes_after: Bytes
    compared_samples: Annotated[Count, Meta(description="Samples on which outputs were proved identical.")]
    interpreters: Annotated[list[str], Meta(description="Interpreters in which they were compared.")]
    tensor_names: Annotated[list[str], Meta(description="Names by tensor index, kept here only.")]


class QuantizeResult(Record, frozen=True, kw_only=True):
    """Both models, the ranges between them, and how they came about."""

    source: Annotated[
        SourceInfo | None, Meta(description="The float model that the configuration names; null where it names none.")
    ]
    float_model: Annotated[
        ModelSummary | None, Meta(description="model_float.tflite: the reference; null without a source.")
    ]
    quantized_model: Annotated[ModelSummary, Meta(description="model_quant.tflite: what goes onto the chip.")]
    engine: Annotated[
        Literal["litert", "tensorflow"] | None, Meta(description="What turned ranges into INT8; null where `given`.")
    ]
    engine_version: Annotated[str | None, Meta(description="Package and version of the engine; null where `given`.")]
    recipe: Annotated[
        str | None, Meta(description="Name of the recipe that chose the ranges; null where `given` says why.")
    ]
    input_type: Annotated[
        str,
        Meta(description="Type of the quantized model's input: int8, uint8, or int16; of a given one also float32."),
    ]
    output_type: Annotated[
        str,
        Meta(description="Type of the quantized model's output: int8, uint8, or int16; of a given one also float32."),
    ]
    ranges: Annotated[list[TensorRange], Meta(description="Range of each activation that was calibrated.")]
    calibration: Annotated[
        DatasetSummary | None, Meta(description="The calibration set as it was used; null where `given`.")
    ]
    calibration_samples: Annotated[list[SampleDigest], Meta(description="Identity of each calibration sample.")]
    strip: Annotated[StripInfo | None, Meta(description="Null when stripping is off.")]
    advice: Annotated[list[Advice], Meta(description="What was noticed, and what to do.")]
    reference: Annotated[
        list[Doubt], Meta(description="Why the float model is not to be trusted, by what calibration saw of it.")
    ] = msgspec.field(default_factory=list)
    rewrites: Annotated[
        list[Rewrite], Meta(description="Changes to the float model, which computes the same after them.")
    ] = msgspec.field(default_factory=list)
    kernel_hits: Annotated[list[KernelHit], Meta(description="Ops that meet a known fault of the oracle.")] = (
        msgspec.field(default_factory=list)
    )
    qat: Annotated[QatInfo | None, Meta(description="How the recipe trained; null where it did not.")] = None
    given: Annotated[
        GivenModel | None, Meta(description="The INT8 model was given, not made; null where quantci made it.")
    ] = None

    ladder: Annotated[
        LadderResult | None, Meta(description="How the recipe was chosen; null where the configuration names one.")
    ] = None
    stability: Annotated[
        StabilityResult | None, Meta(description="Whether the calibration set is large enough; null unless asked for.")
    ] = None

    @property
    def seen(self) -> list[SampleDigest]:
        """Samples that nothing may be evaluated on: what the ranges and the recipe come from."""
        return [*self.calibration_samples, *(self.ladder.samples if self.ladder else ())]

    @property
    def models(self) -> tuple[str, str | None]:
        """Digests of the quantized and of the float model that this is about."""
        return self.quantized_model.sha256, self.float_model.sha256 if self.float_model else None


class QuantizeRecord(StageRecord, frozen=True, kw_only=True):
    """Record of the stage `quantize`."""

    stage: Annotated[Literal["quantize"], Meta(description="Name of the stage.")]
    result: Annotated[QuantizeResult | None, Meta(description="What the stage found; null when it failed.")]
