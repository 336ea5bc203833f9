"""Latency on the chip: the estimate in the record of embed, coefficients in files, published figures behind them."""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Count, Microseconds, NonNegative, Positive, Ratio, Sha256

Kernels = Literal["esp-nn", "reference"]
Memory = Literal["cached", "internal", "psram"]


class LatencyBoard(Record, frozen=True, kw_only=True):
    """The board that the figures were measured on."""

    name: Annotated[str, Meta(min_length=1, max_length=200, description="Such as ESP32-S3-DevKitC-1-N8R8.")]
    device_id: Annotated[str, Meta(max_length=200, description="End of its MAC address or serial number.")]
    build_fingerprint: Annotated[str, Meta(max_length=200, description="Of the firmware; empty if unknown.")]

    def __str__(self) -> str:
        return f"{self.name} {self.device_id}".rstrip()


class OpLatency(Record, frozen=True, kw_only=True):
    """The estimate for one op of the main subgraph. Null numbers: its path is `not covered`."""

    index: Annotated[Count, Meta(description="Place in the main subgraph.")]
    op: Annotated[str, Meta(description="TFLite builtin name.")]
    name: Annotated[str, Meta(description="Name of the op's first output; empty when names were stripped.")]
    path: Annotated[str, Meta(description="Kernel that runs it, such as `esp-nn 1x1`, or `not covered`.")]
    cycles: Annotated[NonNegative | None, Meta(description="Estimated cycles of the core; null where not covered.")]
    latency_us: Annotated[
        Microseconds | None, Meta(description="The same as a time, in microseconds; null where not covered.")
    ]
    share: Annotated[Ratio | None, Meta(description="Of the cycles of all covered ops.")]


class UncoveredOp(Record, frozen=True, kw_only=True):
    """A kind of op that the estimate leaves out."""

    op: Annotated[str, Meta(description="TFLite builtin name.")]
    count: Annotated[Positive, Meta(description="Ops of this kind that are left out.")]
    macs: Annotated[Count | None, Meta(description="Multiply-accumulates of all of them; null if not known.")]


class LatencyEstimate(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Latency of one inference, computed from a model of the chip's kernels; never measured."""

    kind: Annotated[Literal["estimated"], Meta(description="How the figure came about.")]
    chip: Annotated[str, Meta(description="As target.chip in quantci.toml.")]
    clock_hz: Annotated[Positive, Meta(description="Clock of the core that the times are for, in hertz.")]
    kernels: Annotated[Kernels, Meta(description="esp-nn, or reference for TFLM's own.")]
    memory: Annotated[Memory, Meta(description="Where the tensor arena is taken to lie.")]
    total_us: Annotated[Microseconds | None, Meta(description="Null when it cannot be stated; `reason` says why.")]
    low_us: Annotated[Microseconds | None, Meta(description="total_us * (1 - error_ratio).")]
    high_us: Annotated[Microseconds | None, Meta(description="total_us * (1 + error_ratio).")]
    error_ratio: Annotated[
        Ratio | None,
        Meta(description="90th percentile, over models, of |measured / estimated - 1| with that model left out."),
    ]
    reason: Annotated[str, Meta(description="One sentence why there is no total; empty when there is one.")]
    basis: Annotated[str, Meta(description="One or two sentences: what the estimate rests on.")]
    coefficients_sha256: Annotated[Sha256, Meta(description="Digest of the coefficients that were used.")]
    not_covered: Annotated[
        list[UncoveredOp], Meta(description="Kinds of op without an estimate; empty where all are covered.")
    ]
    not_covered_mac_share: Annotated[
        Ratio | None, Meta(description="Share of the model's multiply-accumulates; null if they are not all known.")
    ]
    ops: Annotated[list[OpLatency], Meta(description="Every op of the main subgraph, in the order in which they run.")]
    board: Annotated[
        LatencyBoard | None, Meta(description="Whose figures the coefficients were fitted to; null: many boards'.")
    ] = None


class LatencyTerm(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One term of the sum, and how well it is known."""

    cycles: Annotated[float, Meta(ge=0, le=1e6, description="Cycles for one unit of the term, such as one MAC.")]
    support: Annotated[Count, Meta(description="Fitted figures of which this term makes a tenth or more.")]
    published: Annotated[
        Count, Meta(description="The same, of the published figures that a board's coefficients were shrunk towards.")
    ] = 0


class LatencyCoefficients(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Coefficients of the latency model: those that quantci ships, or those of one board."""

    schema_version: Annotated[Literal[1], Meta(description="Version of this file's schema.")]
    chip: Annotated[str, Meta(description="As target.chip in quantci.toml.")]
    clock_hz: Annotated[Positive, Meta(description="Clock of the core that the figures were measured at, in hertz.")]
    kernels: Annotated[Kernels, Meta(description="esp-nn, or reference for TFLM's own.")]
    memory: Annotated[Memory, Meta(description="Where the tensor arena lay.")]
    board: Annotated[LatencyBoard | None, Meta(description="Null: fitted to published figures of many boards.")]
    fitted_on: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="UTC date of the fit.")]
    figures: Annotated[Positive, Meta(description="How many measured figures they were fitted to.")]
    sources: Annotated[
        Positive, Meta(description="How many sources these come from; for a single board, how many models.")
    ]
    models: Annotated[
        Count, Meta(description="How many whole models could be left out of the fit; only a board's may have 0.")
    ]
    error_ratio: Annotated[
        NonNegative,
        Meta(
            description="90th percentile, over models, of |measured / estimated - 1| with that model left out. "
            "With none to leave out: the error of the published coefficients, on this board if that is larger."
        ),
    ]
    terms: Annotated[dict[str, LatencyTerm], Meta(max_length=100, description="Term -> its coefficient.")]
    groups_left_out: Annotated[
        dict[str, NonNegative], Meta(max_length=20, description="Group without coefficients -> its largest error.")
    ]
    published_sha256: Annotated[
        Sha256 | None, Meta(description="Of the published coefficients that a board's were shrunk towards.")
    ] = None


class FigureSource(Record, frozen=True, kw_only=True):
    """Where a published figure stands, and how it was measured, as far as that is said there."""

    where: str
    board: str
    clock_hz: Positive
    flags: str
    note: str = ""


class PublishedFigure(Record, frozen=True, kw_only=True):
    """One measured time, and the layers that it is the time of; exactly one of `cycles` and `time_us` is set."""

    name: str
    source: str
    kernels: Kernels
    memory: Memory
    input: Annotated[str, Meta(pattern=r"^\d+x\d+x\d+$", description="Height, width, channels.")]
    layers: Annotated[list[str], Meta(min_length=1, description="As quantci.chip.latency.layers reads them.")]
    cycles: NonNegative | None = None
    time_us: Microseconds | None = None
    is_model: bool = False
    note: str = ""


class PublishedFigures(Record, frozen=True, kw_only=True):
    """quantci/chip/latency/data.toml."""

    sources: dict[str, FigureSource]
    figures: list[PublishedFigure]
