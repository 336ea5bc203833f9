"""What `quantci bench` writes: what ran the model, how long it took, and whether its outputs are those of TFLM here."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from quantci.records.base import Record
from quantci.records.evaluate import Agreement
from quantci.records.metrics import Metrics
from quantci.records.paired import Paired
from quantci.records.stage import Advice, Failure, StageRecord
from quantci.records.units import Bytes, Count, Microseconds, NonNegative, Positive, Ratio, Seconds, Sha256

_MOST_OF_NAME = 40
DeviceKind = Literal["board", "emulated", "virtual"]


class DeviceIdentity(Record, frozen=True, kw_only=True):
    """What answered. `kind` is never more than either side says: what we started, and what the device says it is."""

    kind: Annotated[
        DeviceKind,
        Meta(
            description="board: real hardware. emulated: the real firmware in an emulator. virtual: a process here "
            "that speaks the protocol; no chip takes part."
        ),
    ]
    port: Annotated[str, Meta(description="Port or URL that it was reached by.")]
    chip: Annotated[str | None, Meta(description="As it says; null where it does not.")]
    board_id: Annotated[str | None, Meta(description="Its base MAC address or serial number; null where it has none.")]
    firmware: Annotated[str, Meta(description="Name and version of the firmware.")]
    firmware_id: Annotated[str | None, Meta(description="SHA-256 of the application as flashed; null if not told.")]
    reset_reason: Annotated[str | None, Meta(description="Why it last started; may be inexact.")]
    fingerprint: Annotated[
        dict[str, str],
        Meta(description="Build fingerprint: what must be equal for two latencies to be compared; absent: not told."),
    ]


class Phase(Record, frozen=True, kw_only=True):
    """One part of the session."""

    name: Annotated[str, Meta(pattern="^[a-z-]+$", description="Such as identify, upload, measure.")]
    duration_s: Seconds


class LinkCounters(Record, frozen=True, kw_only=True):
    """What the link did."""

    requests: Annotated[Count, Meta(description="Packets that the host sent, without repetitions.")]
    repeated: Annotated[Count, Meta(description="Packets that it sent once more.")]
    stale: Annotated[Count, Meta(description="Packets of the device that fitted no request: late, doubled, foreign.")]
    dropped: Annotated[Count, Meta(description="Packets that the device says it dropped.")]
    timeouts: Annotated[Count, Meta(description="Waits that ended without a reply.")]
    noise_bytes: Annotated[Count, Meta(description="Bytes that were not of a packet: boot log, printf, text.")]


class LatencyWindow(Record, frozen=True, kw_only=True):
    """The raw times of one window, an entry each iteration."""

    latency_us: Annotated[list[Count], Meta(min_length=1, description="By the device's microsecond clock.")]
    cycles: Annotated[list[Count], Meta(description="By its cycle counter; empty where it has none.")]


class MeasuredLatency(Record, frozen=True, kw_only=True):
    """Time of one inference, measured on a board, the input's copy not included."""

    median_us: Microseconds
    mad_us: Annotated[Microseconds, Meta(description="Median absolute deviation from the median, in microseconds.")]
    min_us: Annotated[Microseconds, Meta(description="The fastest, in microseconds.")]
    p90_us: Annotated[Microseconds, Meta(description="90 % were faster, in microseconds.")]
    median_cycles: Annotated[NonNegative | None, Meta(description="The same in cycles; null without a cycle counter.")]
    clock_hz: Annotated[Positive | None, Meta(description="Clock of the core; null where the device does not tell.")]
    timer_hz: Annotated[Positive | None, Meta(description="Clock of the cycle counter; null without one.")]
    warm_up: Annotated[Count, Meta(description="Inferences before each window, which are not timed.")]
    iterations: Annotated[Positive, Meta(description="Timed inferences of each window.")]
    instability: Annotated[
        NonNegative,
        Meta(
            description="How far times that should be equal are apart, as a share of their median: the range of the "
            "windows' medians, or 1.4826 times mad_us, whichever is larger."
        ),
    ]
    is_stable: Annotated[bool, Meta(description="Whether that is little enough for a verdict.")]
    windows: Annotated[list[LatencyWindow], Meta(min_length=1, description="Everything that was measured.")]


class OpTime(Record, frozen=True, kw_only=True):
    """One op on the device."""

    index: Annotated[Count, Meta(description="Place in the main subgraph.")]
    op: Annotated[str, Meta(description="TFLite builtin name.")]
    cycles: Annotated[NonNegative, Meta(description="Of one inference, the mean.")]
    share: Annotated[Ratio, Meta(description="Of the cycles of all ops.")]


class DeviceNoise(Record, frozen=True, kw_only=True):
    """How far two measurements of the same model on this device differ."""

    noise_ratio: Annotated[
        NonNegative, Meta(description="1.4826 times the median of the relative differences between paired windows.")
    ]
    pairs: Annotated[Positive, Meta(description="Pairs of windows that it rests on.")]
    source: Annotated[
        Literal["stored", "this-run"], Meta(description="stored: by an earlier bench --aa, of the same fingerprint.")
    ]


class AgainstBaseLatency(Record, frozen=True, kw_only=True):
    """The base branch's model on the same device in the same session, window by window in turns."""

    base_sha256: Sha256
    base: Annotated[MeasuredLatency, Meta(description="Latency of the base branch's model.")]
    change: Annotated[float, Meta(description="Median of the candidate against that of the base, minus 1.")]
    least_change: Annotated[
        NonNegative, Meta(description="Smallest change that counts: device.min_change, or 3.5 times the noise.")
    ]
    noise: Annotated[DeviceNoise, Meta(description="What the smallest change rests on.")]
    verdict: Annotated[
        Literal["slower", "faster", "same", "unstable"], Meta(description="unstable: no verdict; see instability.")
    ]


class FirstOp(Record, frozen=True, kw_only=True):
    """The first op whose output on the device is not TFLM's, for one sample."""

    index: Annotated[Count, Meta(description="Place in the main subgraph.")]
    op: Annotated[str, Meta(description="TFLite builtin name.")]
    name: Annotated[str, Meta(description="Name of its output, from before stripping; empty when it has none.")]
    sample: Annotated[str, Meta(description="Id of the sample that was looked at.")]

    @property
    def words(self) -> str:
        """As sentences name it. The name of a fused op is a list of all that was fused: its first entry is enough."""
        name = self.name.partition(";")[0]
        short = name if len(name) <= _MOST_OF_NAME else f"…{name[1 - _MOST_OF_NAME :]}"
        return f"op {self.index}, {self.op}" + (f" ({short})" if short else "")


class DeviceOutputs(Record, frozen=True, kw_only=True):
    """The evaluation set on the device: the last step of the loss waterfall, against the oracle on the host."""

    interpreter: Annotated[str, Meta(description="Chip, runtime, kernels and their versions.")]
    metrics: Annotated[Metrics, Meta(description="What the task counts, on the device.")]
    agreement: Annotated[Agreement, Meta(description="With the oracle on the host, on the same samples.")]
    paired: Annotated[Paired, Meta(description="The oracle on the host against the device, sample by sample.")]
    different: Annotated[
        list[str], Meta(max_length=1000, description="Ids of samples whose outputs differ, at most a thousand.")
    ]
    first_op: Annotated[
        FirstOp | None, Meta(description="Where they begin to differ; null: nowhere, or nobody looked (--bisect).")
    ] = None
    first_op_reason: Annotated[str, Meta(description="Why first_op is null although outputs differ.")] = ""


class DeviceArena(Record, frozen=True, kw_only=True):
    """Tensor arena on the device."""

    region: Annotated[Literal["internal", "psram"], Meta(description="Where it lies.")]
    used_bytes: Annotated[Bytes, Meta(description="What arena_used_bytes() gave.")]
    given_bytes: Annotated[Bytes, Meta(description="What the firmware gave.")]
    estimated_bytes: Annotated[
        Bytes | None, Meta(description="What embed says that it will use on the chip; null: embed gave no result.")
    ]


class BenchResult(Record, frozen=True, kw_only=True):
    """A session with one device."""

    quantized_sha256: Sha256
    device: Annotated[DeviceIdentity, Meta(description="What answered.")]
    golden_sha256: Annotated[Sha256, Meta(description="The golden model, which was right before and after.")]
    was_uploaded: Annotated[bool, Meta(description="False: the device held the model already.")]
    arena: Annotated[DeviceArena, Meta(description="Its tensor arena.")]
    latency: Annotated[
        MeasuredLatency | None, Meta(description="On a board; null for any other device, and `latency_reason` says so.")
    ]
    latency_reason: Annotated[str, Meta(description="Why there is no latency; empty when there is one.")]
    ops: Annotated[list[OpTime], Meta(description="Each op on a board; empty for any other device.")]
    outputs: Annotated[DeviceOutputs, Meta(description="The evaluation set on it.")]
    against_base: Annotated[
        AgainstBaseLatency | None, Meta(description="Null where no base model was given, or not on a board.")
    ] = None
    base_failure: Annotated[
        Failure | None, Meta(description="Why a base model that was given was not measured; null otherwise.")
    ] = None
    phases: Annotated[list[Phase], Meta(description="The parts of the session, in their order.")]
    link: Annotated[LinkCounters, Meta(description="What went wrong on the line.")]
    retries: Annotated[
        Count, Meta(description="How often the session began anew: the port was lost, or an emulator hung.")
    ] = 0
    predictions_sha256: Annotated[Sha256, Meta(description="Of evaluate's predictions that it is about.")]
    advice: Annotated[list[Advice], Meta(description="What was noticed, and what to do.")] = msgspec.field(
        default_factory=list
    )

    @property
    def models(self) -> tuple[str, None]:
        """Digest of the quantized model that this is about; the float model plays no part."""
        return self.quantized_sha256, None


class BenchRecord(StageRecord, frozen=True, kw_only=True):
    """Record of the stage `bench`."""

    stage: Annotated[Literal["bench"], Meta(description="Name of the stage.")]
    result: Annotated[BenchResult | None, Meta(description="What the stage found; null when it failed.")]
