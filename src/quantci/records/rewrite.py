"""What quantize changed in the float model before it became INT8, and what that saved."""

from typing import Annotated

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import NonNegative


class Rewrite(Record, frozen=True, kw_only=True, omit_defaults=True):
    """One kind of change; the float model computes the same function after it."""

    name: Annotated[str, Meta(description="Name of the rewrite, as docs/rewrites.md lists it.", pattern="^[a-z0-9-]+$")]
    layers: Annotated[list[str], Meta(description="Names of the layers that it changed; empty for one without a name.")]
    ops_saved: Annotated[int, Meta(description="How many ops fewer the float model has; negative where more.")] = 0
    arena_saved_bytes: Annotated[
        int | None,
        Meta(description="How much less arena the model takes on the chip in INT8, simulated; null if not known."),
    ] = 0
    latency_saved_us: Annotated[
        float | None,
        Meta(description="How much less time an inference takes there, estimated, in microseconds; null if not known."),
    ] = 0.0
    reason: Annotated[str, Meta(description="Why one of these is null; empty when none is.")] = ""
    difference: Annotated[
        NonNegative | None,
        Meta(
            description="Largest difference of the float outputs before and after, as a share of the largest output, "
            "over the compared calibration samples; null where the float model stayed as it was."
        ),
    ] = None
