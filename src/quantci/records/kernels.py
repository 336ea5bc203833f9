"""What is known about the kernels that a model's ops run in: faults, and which of them are fast."""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Count, Positive

Severity = Literal["overwrites-memory", "crash", "wrong-output", "slow", "one-step"]
Evidence = Literal["measured", "sources", "emulated", "reported"]
KernelPath = Literal["vector", "padded", "scalar", "reference"]


class KernelHit(Record, frozen=True, kw_only=True):
    """An op of the model that meets a known fault of a kernel."""

    rule: Annotated[str, Meta(description="Name of the rule, as docs/kernels.md lists it.", pattern="^[a-z0-9-]+$")]
    subgraph: Annotated[Count, Meta(description="Index of the op's subgraph; 0 is the main one.")]
    op_index: Annotated[Count, Meta(description="Index of the op in its subgraph.")]
    op: Annotated[str, Meta(description="TFLite builtin name.")]
    layer: Annotated[str, Meta(description="Name of the op's output; empty when it has none.")]
    library: Annotated[str, Meta(description="Whose kernel it is: tflite-micro, esp-tflite-micro, esp-nn, LiteRT.")]
    versions: Annotated[str, Meta(description="Versions of the library that have the fault.")]
    severity: Annotated[Severity, Meta(description="What happens; one-step: an output is off by one step at most.")]
    cause: Annotated[str, Meta(description="One sentence: what the kernel does.")]
    remedy: Annotated[str, Meta(description="One sentence: what to change in the model.")]
    source: Annotated[str, Meta(description="Where it is reported or read.", pattern="^https://github\\.com/")]
    evidence: Annotated[
        Evidence,
        Meta(
            description="measured: on a chip or this host. sources: read there, or said by a maintainer. emulated: "
            "seen where the library ran in an emulator of the chip. reported: by somebody, and not confirmed."
        ),
    ]


class OpKernel(Record, frozen=True, kw_only=True):
    """Which kernel of the chip runs an op of the main subgraph."""

    op_index: Annotated[Count, Meta(description="Index of the op in the main subgraph.")]
    op: Annotated[str, Meta(description="TFLite builtin name.")]
    path: Annotated[
        KernelPath,
        Meta(
            description="vector: the vector unit. padded: the vector unit, after copying into padded channels. "
            "scalar: the accelerated library's plain C. reference: TFLM's reference kernel."
        ),
    ]
    reason: Annotated[str, Meta(description="Why it is not `vector`; empty when it is.")]
    remedy: Annotated[str, Meta(description="What would make it `vector`; empty when nothing is known to.")]
    wanted: Annotated[
        Positive | None, Meta(description="Number of channels, or inputs, that the remedy asks for; else null.")
    ] = None
    saved_us: Annotated[
        float | None,
        Meta(
            description="Time that this layer alone would take less with them, estimated, in microseconds; negative "
            "where it would take more. Null where it is not known."
        ),
    ] = None
