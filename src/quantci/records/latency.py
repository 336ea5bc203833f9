"""Latency on the chip: the estimate in the record of embed, coefficients in files, published figures behind them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Count, Microseconds, NonNegative, Positive, Ratio, Sha256

Kernels = Literal["esp-nn", "reference"]
Memory = Literal["internal", "psram"]
FlashMode = Literal["dio", "qio"]
Trust = Literal["very high", "high", "medium", "low"]


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
        Meta(
            description="90th percentile, over networks of the same kernels and memory, of |measured / estimated - 1| "
            "with that network left out; where more than a tenth of the time rests on a single network, that share too."
        ),
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
    networks: Annotated[Count, Meta(description="How many networks the error is taken over.")] = 0
    assumed: Annotated[
        list[str], Meta(description="What the configuration does not say, as it is taken: `data cache 32 KB`.")
    ] = msgspec.field(default_factory=list)


class LatencyTerm(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One term of the sum, and how well it is known."""

    cycles: Annotated[
        float,
        Meta(
            ge=0,
            le=1e6,
            description="Cycles for one unit of the term, such as one MAC; of a term that ends in _ns, nanoseconds.",
        ),
    ]
    support: Annotated[
        Count, Meta(description="Networks with a figure of which this term makes a tenth or more; of a board: figures.")
    ]
    published: Annotated[
        Count, Meta(description="The same, of the published figures that a board's coefficients were shrunk towards.")
    ] = 0


class OtherBuild(Record, frozen=True, kw_only=True):
    """Another build that the same coefficients cover, with an error of its own."""

    kernels: Annotated[Kernels, Meta(description="esp-nn, or reference for TFLM's own.")]
    memory: Annotated[Memory, Meta(description="Where the tensor arena lay.")]
    models: Annotated[Positive, Meta(description="How many networks could be left out of the fit.")]
    error_ratio: Annotated[NonNegative, Meta(description="As for the first build.")]


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
    published_sha256: Annotated[
        Sha256 | None, Meta(description="Of the published coefficients that a board's were shrunk towards.")
    ] = None
    other_builds: Annotated[list[OtherBuild], Meta(max_length=10, description="What else the coefficients cover.")] = (
        msgspec.field(default_factory=list)
    )


class FigureSource(Record, frozen=True, kw_only=True):
    """Where published figures stand."""

    where: str
    board: str
    note: str = ""


class PublishedFigure(Record, frozen=True, kw_only=True):
    """One measured time, and the layers that it is the time of; exactly one of `cycles` and `time_us` is set.

    Attributes:
        network: the same for figures of one network, which are left out of the fit together.
        kind: total: an inference. kernel: a kernel alone, without what TFLM does for each op.
        esp_nn: its version, or what is said of it; empty where it is not said.
        weights: where they lie; "ram" also where they cost nothing.
        convolutions_in_plain_c: by a fault, no CONV_2D ran in ESP-NN: neither they nor the total count.
        input, layers: as quantci.chip.latency.layers reads them; empty where the network is not public.
        op_us: microseconds of each layer, where they are published.
        before_us: the estimate of the terms that there were before, for comparison.
    """

    name: str
    network: str
    source: str
    kernels: Kernels
    memory: Memory
    trust: Trust
    clock_hz: Positive
    kind: Literal["total", "kernel"] = "total"
    esp_nn: str = ""
    flash: FlashMode = "dio"
    data_cache_bytes: Positive = 32_768
    weights: Literal["flash", "ram"] = "flash"
    convolutions_in_plain_c: bool = False
    input: str = ""
    layers: list[str] = msgspec.field(default_factory=list)
    cycles: NonNegative | None = None
    time_us: Microseconds | None = None
    op_us: list[Microseconds] = msgspec.field(default_factory=list)
    before_us: Microseconds | None = None
    note: str = ""


class PublishedFigures(Record, frozen=True, kw_only=True):
    """quantci/chip/latency/data.toml."""

    sources: dict[str, FigureSource]
    figures: list[PublishedFigure]
