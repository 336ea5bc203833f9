"""What was measured on a board, in a file that a person writes: the input of `quantci fit-latency`."""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.latency import FlashMode, Kernels, LatencyBoard
from quantci.records.units import Positive, Version


class ModelFigures(Record, frozen=True, kw_only=True):
    """One model on the board; exactly one of `latency_us` and `cycles` is given."""

    file: Annotated[str, Meta(min_length=1, description="The quantized .tflite, relative to this file.")]
    latency_us: Annotated[
        Annotated[float, Meta(gt=0, le=1e9)] | None,
        Meta(description="Measured time of one inference in microseconds, the median."),
    ] = None
    cycles: Annotated[
        Annotated[float, Meta(gt=0, le=1e12)] | None,
        Meta(description="Measured cycles of one inference, instead of latency_us."),
    ] = None
    profile: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="What MicroProfiler printed for it (LogCsv or Log), relative to this file."),
    ] = None


class BoardFigures(Record, frozen=True, kw_only=True):
    """What was measured on one board, with one build."""

    board: Annotated[LatencyBoard, Meta(description="The board that was measured.")]
    chip: Annotated[str, Meta(description="As target.chip in quantci.toml, such as esp32s3.")]
    clock_hz: Annotated[
        int, Meta(ge=1_000_000, le=1_000_000_000, description="Clock of the core while it was measured.")
    ]
    kernels: Annotated[Kernels, Meta(description="esp-nn, or reference for a build without it.")]
    memory: Annotated[Literal["internal", "psram"], Meta(description="Where the tensor arena lay.")]
    esp_nn: Annotated[Version | None, Meta(description="As target.esp_nn in quantci.toml.")] = None
    flash_mode: Annotated[FlashMode | None, Meta(description="As target.flash_mode in quantci.toml.")] = None
    data_cache_bytes: Annotated[Positive | None, Meta(description="As target.data_cache_bytes in quantci.toml.")] = None
    ticks_per_second: Annotated[
        Positive, Meta(description="Of the profiles; esp-tflite-micro counts microseconds (micro_time.cc).")
    ] = 1_000_000
    model: Annotated[list[ModelFigures], Meta(min_length=1, max_length=200, description="What was measured.")]
