"""What a converter made of an ONNX model, as it is kept in the output folder."""

from typing import Annotated

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Sha256


class KeptConversion(Record, frozen=True, kw_only=True):
    """What is known of a float flatbuffer, which lies beside it."""

    float_sha256: Annotated[Sha256, Meta(description="Of the flatbuffer.")]
    converter: Annotated[str, Meta(description="Name and version.")]
    turned_shape: Annotated[
        list[int] | None, Meta(description="The ONNX input's shape where the flatbuffer takes its channels last.")
    ]
    tensors: Annotated[dict[str, str], Meta(description="Tensor of the flatbuffer by tensor of the ONNX graph.")]
