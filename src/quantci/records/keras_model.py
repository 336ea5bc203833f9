"""What can be read off a Keras file without running it."""

from typing import Annotated

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Bytes, Count, Sha256


class KerasLayer(Record, frozen=True, kw_only=True):
    """One layer; those of a nested model follow it."""

    name: Annotated[str, Meta(description="Its name, behind those of the models that it is nested in.")]
    layer: Annotated[str, Meta(description="Its class, and the function that it calls if it is one of TensorFlow.")]
    input_shape: Annotated[
        list[int] | None, Meta(description="Dimensions, -1 where the size is not fixed; null where the file is silent.")
    ]
    weight_shapes: list[list[int]]
    parameters: Annotated[Count, Meta(description="Numbers in its weights; a nested model's are those of its layers.")]
    refused: Annotated[
        str | None, Meta(description="Why quantci does not load a model with this layer; null if it does.")
    ]


class KerasSummary(Record, frozen=True, kw_only=True):
    """A look into a Keras file."""

    file_name: str
    sha256: Sha256
    file_bytes: Bytes
    format: Annotated[str, Meta(description="keras, hdf5 (Keras 3) or hdf5-legacy (Keras 2).")]
    model: Annotated[str, Meta(description="Class of the model.")]
    parameter_count: Annotated[Count, Meta(description="Numbers in all weights, without those of an optimizer.")]
    layers: list[KerasLayer]
    refused: Annotated[list[str], Meta(description="Each object that is not accepted; empty for a model that is read.")]
