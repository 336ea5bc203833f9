"""quantci.toml. Every field is also a command line option and a QUANTCI_* variable (cli/options.py makes them)."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from quantci.records.base import Record
from quantci.records.ladder import LadderConfig
from quantci.records.latency import FlashMode
from quantci.records.qat import QatConfig
from quantci.records.units import (
    Bytes,
    FileOrFunction,
    FilePath,
    Growth,
    Microseconds,
    Positive,
    Ratio,
    SignedRatio,
    Version,
)

MOST_BYTES = 1_000_000  # of a quantci.toml
OUTPUT_DIR = "build/quantci"

Task = Literal["classification", "multi-label", "regression", "anomaly"]
Resize = Literal["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos", "area"]
ResizeLibrary = Literal["pillow", "tensorflow", "opencv"]
Fit = Literal["stretch", "crop", "letterbox"]
Color = Literal["auto", "rgb", "bgr", "grey"]
Alpha = Literal["composite", "drop"]
Exif = Literal["apply", "ignore"]
Layout = Literal["nhwc", "nchw"]
IntegerType = Literal["int8", "uint8"]
Converter = Literal["onnx2tf", "litert-torch"]
Engine = Literal["auto", "litert", "tensorflow"]
Compared = Literal["base", "quantization"]
WantedDevice = Literal["auto", "board", "emulated", "virtual"]
ArenaRegion = Literal["internal", "psram"]
ModelPlace = Literal["flash", "psram"]
EmulatorName = Literal["qemu", "esp-emu", "own"]


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


class InputConfig(Record, frozen=True, kw_only=True):
    """How a file becomes the model's input. width and height default to the model's own."""

    width: Annotated[Positive | None, Meta(description="In pixels; if not set, the model's.")] = None
    height: Annotated[Positive | None, Meta(description="In pixels; if not set, the model's.")] = None
    layout: Annotated[
        Layout, Meta(description="Of the model's input: channels last, as Keras has them, or first, as PyTorch has.")
    ] = "nhwc"
    color: Annotated[Color, Meta(description="auto follows the model's channels; bgr is what cv2.imread gives.")] = (
        "auto"
    )
    alpha: Annotated[
        Alpha, Meta(description="composite: transparent pixels lie on the background. drop: they show what is stored.")
    ] = "composite"
    exif: Annotated[Exif, Meta(description="Whether the orientation in a photo's EXIF data turns it.")] = "apply"
    fit: Annotated[
        Fit,
        Meta(description="stretch: to the model's size. crop: its middle. letterbox: all of it, with bars around it."),
    ] = "stretch"
    resize_shorter: Annotated[
        Positive | None,
        Meta(description="For crop: resize the shorter side to this, then cut; null cuts first, then resizes."),
    ] = None
    resize: Annotated[
        Resize, Meta(description="Interpolation; pillow has no area, tensorflow and opencv no box, hamming, lanczos.")
    ] = "bilinear"
    resize_library: Annotated[
        ResizeLibrary, Meta(description="Whose: pillow (antialiased; torchvision), tensorflow (Keras) or opencv.")
    ] = "pillow"
    background: Annotated[
        tuple[Annotated[int, Meta(ge=0, le=255)], ...],
        Meta(min_length=1, max_length=3, description="Grey or R, G, B: of bars, and under transparent pixels."),
    ] = (0,)
    preprocess: Annotated[
        Literal["normalize", "in-model", "standardize"],
        Meta(
            description="normalize: x = (value - mean) / std. in-model: raw values; the model normalises them itself. "
            "standardize: by the mean and deviation of each sample."
        ),
    ] = "normalize"
    mean: Annotated[
        tuple[float, ...],
        Meta(
            min_length=1, description="In pixel values 0..255: one number, or one per channel, in the order of color."
        ),
    ] = (0.0,)
    std: Annotated[
        tuple[float, ...],
        Meta(
            min_length=1, description="In pixel values 0..255: one number, or one per channel, in the order of color."
        ),
    ] = (255.0,)
    dtype: Annotated[
        Literal["int8", "uint8", "int16", "float32"] | None, Meta(description="Type of the values in .bin files.")
    ] = None
    shape: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...],
        Meta(description="Shape of one sample in .bin and .csv files, without batch."),
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


class TargetConfig(Record, frozen=True, kw_only=True):
    """The chip."""

    chip: Annotated[
        str,
        Meta(
            pattern="^[a-z0-9-]+$",
            description="Chip or module, such as esp32s3 or esp32s3-n16r8.",
        ),
    ] = "esp32s3"
    clock_hz: Annotated[
        Positive | None,
        Meta(
            description="Clock of the core, as in your sdkconfig: the estimated latency is for it. If not set: that of "
            "the coefficients, 240 MHz, although ESP-IDF starts at 160 MHz unless told."
        ),
    ] = None
    esp_nn: Annotated[
        Version | None,
        Meta(description="esp-nn that your firmware builds; if not set, the one that the component pins."),
    ] = None
    esp_tflite_micro: Annotated[
        Version | None,
        Meta(description="esp-tflite-micro that your firmware builds; if not set, the one that the component pins."),
    ] = None
    flash_mode: Annotated[
        FlashMode | None,
        Meta(
            description="How the chip reads its flash, as in your sdkconfig: dio makes large weights wait. If not set, "
            "the chip's usual one."
        ),
    ] = None
    data_cache_bytes: Annotated[
        Positive | None,
        Meta(
            description="Data cache, as in your sdkconfig: weights that it does not hold are read from flash in every "
            "inference. If not set, the chip's usual one."
        ),
    ] = None
    latency_coefficients: Annotated[
        FilePath | None,
        Meta(description="Latency coefficients of your own board (JSON); if not set, the published ones."),
    ] = None
    model_partition_bytes: Annotated[
        Positive | None, Meta(description="What your partition table leaves for the model; if not set, the chip's.")
    ] = None


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


class DeviceConfig(Record, frozen=True, kw_only=True):
    """What runs the model for `quantci bench`, and how it is measured."""

    kind: Annotated[
        WantedDevice,
        Meta(
            description="board: real hardware. emulated: your firmware image in an emulator. virtual: a process here "
            "that speaks the protocol. auto: a board that is found, or else the virtual device."
        ),
    ] = "auto"
    port: Annotated[
        Annotated[str, Meta(min_length=1, max_length=300)] | None,
        Meta(
            description="Serial port or URL: /dev/ttyACM0, COM3, socket://HOST:PORT or rfc2217://HOST:PORT; if not "
            "set, a board is looked for on USB."
        ),
    ] = None
    serial_number: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | None,
        Meta(description="Of the board that is meant, where there may be several: that of its USB, or its MAC."),
    ] = None
    emulator: Annotated[
        EmulatorName, Meta(description="For emulated: Espressif's qemu or esp-emu; own: device.emulator_command.")
    ] = "qemu"
    emulator_command: Annotated[
        tuple[str, ...],
        Meta(
            description="For own: words of the command line; {image} is the flash image, {port} the TCP port that its "
            "UART is to listen on."
        ),
    ] = ()
    image: Annotated[
        FilePath | None,
        Meta(
            description="Flash image of the bench firmware, such as esptool merge-bin makes: what is emulated, or "
            "written to a board that runs another one than device.firmware_id."
        ),
    ] = None
    firmware_id: Annotated[
        Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None,
        Meta(description="What the firmware of a board has to say that it is; if not set, any will do."),
    ] = None
    power_command: Annotated[
        tuple[str, ...],
        Meta(
            description="Words of a command that cuts a dead board's power and gives it back, such as uhubctl; {hub} "
            "and {socket} are where it is plugged in, {key} its serial number."
        ),
    ] = ()
    wait_s: Annotated[float, Meta(ge=0, le=86_400, description="Seconds to wait for a board that another job has.")] = (
        600.0
    )
    arena: Annotated[ArenaRegion, Meta(description="Where the tensor arena is to lie.")] = "internal"
    model_place: Annotated[
        ModelPlace, Meta(description="Where the model is to lie while it runs: in flash, or copied into PSRAM.")
    ] = "flash"
    iterations: Annotated[int, Meta(ge=1, le=512, description="Timed inferences of each window.")] = 20
    warm_up: Annotated[int, Meta(ge=0, le=1000, description="Inferences before each window, which are not timed.")] = 10
    windows: Annotated[int, Meta(ge=3, le=50, description="Windows of each model; MLPerf Tiny has five.")] = 5
    min_change: Annotated[
        Ratio,
        Meta(description="Smallest change of the latency that counts, 0..1, or 3.5 times the noise."),
    ] = 0.01


class GatesConfig(Record, frozen=True, kw_only=True):
    """Limits that fail a change: absolute ones, on what quantization costs, and against the base branch.

    One that is not set is not judged. With nothing set, integer ops, the flash and a loss beyond doubt still are.
    """

    min_metric: Annotated[
        SignedRatio | None, Meta(description="Smallest accepted value of the task's metric in INT8.")
    ] = None
    min_worst_class_recall: Annotated[
        Ratio | None, Meta(description="Smallest accepted recall of any class in INT8.")
    ] = None
    max_model_bytes: Annotated[Bytes | None, Meta(description="Largest accepted quantized model file.")] = None
    max_arena_bytes: Annotated[Bytes | None, Meta(description="Largest accepted tensor arena.")] = None
    max_latency_us: Annotated[Microseconds | None, Meta(description="Largest accepted latency on the chip.")] = None
    fits_flash: Annotated[
        bool, Meta(description="Refuse a model that is larger than the chip's flash, or than what it leaves for one.")
    ] = True
    max_metric_drop: Annotated[
        Ratio | None, Meta(description="Largest accepted loss of the task's metric from float to INT8, 0..1.")
    ] = None
    max_worst_class_drop: Annotated[
        Ratio | None, Meta(description="Largest accepted loss of any class's recall from float to INT8.")
    ] = None
    int_only: Annotated[bool, Meta(description="Refuse a quantized model that has float or custom ops.")] = True
    identical_on_device: Annotated[
        bool,
        Meta(description="Refuse a device whose outputs are not those of the host; judged where bench ran."),
    ] = True
    max_device_drop: Annotated[
        Ratio | None, Meta(description="Largest accepted loss of the task's metric from the host to the device, 0..1.")
    ] = None
    max_metric_regression: Annotated[
        Ratio | None, Meta(description="Largest accepted loss of the task's metric in INT8 against the base, 0..1.")
    ] = None
    max_worst_class_regression: Annotated[
        Ratio | None, Meta(description="Largest accepted loss of any class's recall in INT8 against the base.")
    ] = None
    max_model_growth: Annotated[
        Growth | None, Meta(description="Largest accepted growth of the quantized file against the base: 4096 or 5%.")
    ] = None
    max_arena_growth: Annotated[
        Growth | None, Meta(description="Largest accepted growth of the arena against the base: bytes, or percent.")
    ] = None
    max_latency_growth: Annotated[
        Growth | None, Meta(description="Largest accepted growth of the latency against the base: 500 (us) or 5%.")
    ] = None
    fail_on_loss: Annotated[
        tuple[Compared, ...],
        Meta(description="Comparisons without a gate on the metric in which a loss beyond doubt fails; [] for none."),
    ] = ("base", "quantization")
    fail_on_inconclusive: Annotated[bool, Meta(description="Also exit with 3 when the verdict is inconclusive.")] = (
        False
    )


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
