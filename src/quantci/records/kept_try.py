"""A try of the ladder as it is kept in the output folder, so that no later run makes it again."""

from typing import Annotated

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.doubt import Doubt
from quantci.records.ladder import LadderTry
from quantci.records.qat import QatInfo
from quantci.records.quantize import TensorRange
from quantci.records.rewrite import Rewrite
from quantci.records.units import Sha256


class KeptTry(Record, frozen=True, kw_only=True):
    """What came of a recipe; the models lie beside it, each in a file that its digest names."""

    tried: Annotated[LadderTry, Meta(description="Its line in the record.")]
    float_metric: Annotated[float | None, Meta(description="Of the float model on the same samples.")]
    float_sha256: Annotated[Sha256 | None, Meta(description="Of the float model; null where it was refused.")]
    int8_sha256: Annotated[Sha256 | None, Meta(description="Of the INT8 model as the engine wrote it.")]
    ranges: Annotated[list[TensorRange], Meta(description="That it was quantized with.")]
    rewrites: Annotated[list[Rewrite], Meta(description="Of the recipe.")]
    doubts: Annotated[list[Doubt], Meta(description="About the float model.")]
    qat: Annotated[QatInfo | None, Meta(description="How the recipe trained; null where it did not.")] = None
