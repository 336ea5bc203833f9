"""quantci.toml. Every field is also a command line option and a QUANTCI_* variable (cli/options.py makes them)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from quantci.records.base import Record
from quantci.records.device_config import DeviceConfig
from quantci.records.gates_config import GatesConfig
from quantci.records.input_config import InputConfig
from quantci.records.ladder import LadderConfig
from quantci.records.qat import QatConfig
from quantci.records.target_config import TargetConfig
from quantci.records.units import FileOrFunction, FilePath, Positive

MOST_BYTES = 1_000_000  # of a quantci.toml
OUTPUT_DIR = "build/quantci"

Task = Literal["classification", "multi-label", "regression", "anomaly"]
IntegerType = Literal["int8", "uint8"]
Converter = Literal["onnx2tf", "litert-torch"]
Engine = Literal["auto", "litert", "tensorflow"]


class ModelConfig(Record, frozen=True, kw_only=True):
    """Where the model comes from."""

    source: Annotated[
        FileOrFunction | None,
        Meta(
            description="Source model: .keras, .h5, .hdf5, .onnx, .pt2, SavedModel folder or float .tflite; or "
            "package.module:function that builds a PyTorch module."
        ),
    ] = None
    weights: Annotated[
        FilePath | None, Meta(description="State dict (torch.save) of the module that the function of source builds.")
    ] = None
    converter: Annotated[
        Converter, Meta(description="What converts a PyTorch model: onnx2tf, through ONNX, or litert-torch.")
    ] = "onnx2tf"
    quantized: Annotated[
        FilePath | None, Meta(description="Your own INT8 .tflite: it is judged as it is, and nothing is quantized.")
    ] = None
    signature: Annotated[
        str, Meta(description="Signature of a SavedModel; its first one is serving_default.", min_length=1)
    ] = "serving_default"
    input_shape: Annotated[
        tuple[Positive, ...],
        Meta(description="Shape of an ONNX model's input, batch 1 first, where the file leaves a size open."),
    ] = ()

    @property
    def file(self) -> str:
        """What the model is called after: the source, or the INT8 model where there is no source."""
        return self.source or self.quantized or ""


class TaskConfig(Record, frozen=True, kw_only=True):
    """What the model answers."""

    kind: Annotated[
        Task, Meta(description="classification, multi-label, regression, or anomaly (a score from an autoencoder).")
    ] = "classification"
    labels: Annotated[
        tuple[str, ...], Meta(description="Names of classes, labels or values, in the order of the model's outputs.")
    ] = ()
    top_k: Annotated[int, Meta(ge=1, description="k of the top-k accuracy; capped at the number of classes.")] = 3
    metrics: Annotated[
        tuple[str, ...],
        Meta(description="Your own metrics as module:function, called with (probabilities [n, classes], labels [n])."),
    ] = ()


class CalibrationConfig(Record, frozen=True, kw_only=True):
    """The calibration set (TFLite: representative dataset)."""

    data: Annotated[
        FilePath | None,
        Meta(description="Folder per class, CSV of files or of values, .npz, or X.npy."),
    ] = None
    samples: Annotated[int, Meta(ge=1, description="Number of samples to use; 200 to 500 are recommended.")] = 300
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="Seed of the stratified sampling.")] = 0


class EvaluationConfig(Record, frozen=True, kw_only=True):
    """The evaluation set."""

    data: Annotated[FilePath, Meta(description="Folder per class, CSV of files or of values, .npz, or X.npy.")]
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1, description="Seed of the bootstrap.")] = 0
    workers: Annotated[int, Meta(ge=0, description="Worker processes; 0 means one per core.")] = 0
    oracle: Annotated[
        Literal["auto", "tflm", "litert-reference"],
        Meta(description="Interpreter that judges INT8; auto is TFLM where a wheel of it exists."),
    ] = "auto"
    leak_accepted: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="Why samples may be in the calibration set as well; the report shows it."),
    ] = None


class QuantizationConfig(Record, frozen=True, kw_only=True):
    """How the float model becomes INT8."""

    input_type: Annotated[IntegerType, Meta(description="Type of the quantized model's input.")] = "int8"
    output_type: Annotated[IntegerType, Meta(description="Type of the quantized model's output.")] = "int8"
    recipe: Annotated[
        str,
        Meta(
            max_length=200,
            description="Recipe: minmax, or words joined by + such as cle+percentile-99.9 (docs/recipes.md); auto "
            "tries them (docs/ladder.md).",
        ),
    ] = "minmax"
    engine: Annotated[
        Engine, Meta(description="auto: tensorflow if the source needs TensorFlow anyway, otherwise litert.")
    ] = "auto"
    rewrite: Annotated[
        bool,
        Meta(description="Rewrite the float model into fewer ops, and ops that chips run right; see rewrites.md."),
    ] = True
    strip: Annotated[bool, Meta(description="Strip what the chip never reads: names, ranges, metadata.")] = True


class DiagnoseConfig(Record, frozen=True, kw_only=True):
    """Where accuracy goes: float against INT8, layer by layer."""

    samples: Annotated[
        int, Meta(ge=1, le=10_000, description="Number of calibration samples, and of evaluation samples, to compare.")
    ] = 32
    threshold_db: Annotated[
        float, Meta(ge=-120, le=120, description="A layer whose signal-to-error ratio is below this counts as bad.")
    ] = 15.0


class EmbedConfig(Record, frozen=True, kw_only=True):
    """The ESP-IDF component."""

    component: Annotated[
        str, Meta(pattern="^[a-z][a-z0-9_]{0,62}$", description="Name of the component and of its C++ namespace.")
    ] = "quantci_model"
    storage: Annotated[
        Literal["array", "binary"],
        Meta(description="array: aligned C array. binary: the .tflite itself by .incbin, compiles faster."),
    ] = "array"
    custom_ops: Annotated[
        dict[str, FilePath], Meta(description="Header that registers a CUSTOM op, by the op's name.")
    ] = msgspec.field(default_factory=dict)


class Config(Record, frozen=True, kw_only=True):
    """The whole of quantci.toml. Relative paths are relative to the file's own folder."""

    model: Annotated[ModelConfig, Meta(description="Where the model comes from.")]
    calibration: Annotated[CalibrationConfig, Meta(description="What the ranges are found on.")] = CalibrationConfig()
    evaluation: Annotated[EvaluationConfig, Meta(description="What the models are judged on.")]
    output_dir: Annotated[FilePath, Meta(description="Folder for everything that quantci writes.")] = OUTPUT_DIR
    task: Annotated[TaskConfig, Meta(description="What the model answers.")] = TaskConfig()
    input: Annotated[InputConfig, Meta(description="How a file becomes the model's input.")] = InputConfig()
    quantization: Annotated[QuantizationConfig, Meta(description="How the INT8 model is made.")] = QuantizationConfig()
    ladder: Annotated[LadderConfig, Meta(description="How the recipe `auto` tries others.")] = LadderConfig()
    qat: Annotated[QatConfig, Meta(description="How the recipe qat trains.")] = QatConfig()
    target: Annotated[TargetConfig, Meta(description="The chip that it is for.")] = TargetConfig()
    diagnose: Annotated[DiagnoseConfig, Meta(description="Where accuracy is looked for.")] = DiagnoseConfig()
    embed: Annotated[EmbedConfig, Meta(description="The component that is generated.")] = EmbedConfig()
    device: Annotated[DeviceConfig, Meta(description="What bench runs the model on.")] = DeviceConfig()
    gates: Annotated[GatesConfig, Meta(description="The limits that a change must keep.")] = GatesConfig()
