"""[target] of quantci.toml: the chip, and the firmware around the model."""

from typing import Annotated

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.latency import FlashMode
from quantci.records.units import FilePath, Positive, Version


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
