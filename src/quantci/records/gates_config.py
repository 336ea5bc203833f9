"""[gates] of quantci.toml: the limits that a change must keep."""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Bytes, Growth, Microseconds, Ratio, SignedRatio

Compared = Literal["base", "quantization"]


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
