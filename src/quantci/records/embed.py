"""What `quantci embed` writes: the ESP-IDF component."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from quantci.records.arena import Arena
from quantci.records.base import Record
from quantci.records.kernels import KernelHit, OpKernel
from quantci.records.latency import LatencyEstimate
from quantci.records.stage import Advice, StageRecord
from quantci.records.units import Bytes, Sha256


class EmbeddedFile(Record, frozen=True, kw_only=True):
    """One generated file."""

    path: Annotated[str, Meta(description="Relative to the component folder.")]
    file_bytes: Bytes
    sha256: Sha256


class EmbedResult(Record, frozen=True, kw_only=True):
    """The component and its constants."""

    component: Annotated[str, Meta(description="Name of the ESP-IDF component.")]
    component_dir: Annotated[str, Meta(description="Relative to the output folder.")]
    model_sha256: Sha256
    model_bytes: Bytes
    resolver_ops: Annotated[list[str], Meta(description="Ops that the generated op resolver registers.")]
    arena: Annotated[Arena | None, Meta(description="Null when it is not known; `advice` says why.")]
    files: Annotated[list[EmbeddedFile], Meta(description="What was written, by path.")]
    advice: Annotated[list[Advice], Meta(description="What was noticed, and what to do.")]
    latency: Annotated[
        LatencyEstimate | None, Meta(description="Null in records that are older than the estimate.")
    ] = None
    kernel_hits: Annotated[
        list[KernelHit], Meta(description="Ops that meet a known fault of a kernel that the chip runs.")
    ] = msgspec.field(default_factory=list)
    op_kernels: Annotated[list[OpKernel], Meta(description="Which kernel of the chip runs each op.")] = msgspec.field(
        default_factory=list
    )

    @property
    def models(self) -> tuple[str, None]:
        """Digest of the quantized model that this is about; the float model plays no part."""
        return self.model_sha256, None


class EmbedRecord(StageRecord, frozen=True, kw_only=True):
    """Record of the stage `embed`."""

    stage: Annotated[Literal["embed"], Meta(description="Name of the stage.")]
    result: Annotated[EmbedResult | None, Meta(description="What the stage made; null when it failed.")]
