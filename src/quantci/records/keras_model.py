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
        list[int] | None,
        Meta(description="Dimensions, -1 where the size is not fixed; null where the file does not say."),
    ]
    weight_shapes: Annotated[list[list[int]], Meta(description="Dimensions of each of its weights.")]
    parameters: Annotated[Count, Meta(description="Numbers in its weights; a nested model's are those of its layers.")]
    refused: Annotated[
        str | None, Meta(description="Why quantci does not load a model with this layer; null if it does.")
    ]


class KerasSummary(Record, frozen=True, kw_only=True):
    """A look into a Keras file."""

    file_name: Annotated[str, Meta(description="Name of the file, without its folder.")]
    sha256: Annotated[Sha256, Meta(description="Digest of the file.")]
    file_bytes: Annotated[Bytes, Meta(description="Size of the file.")]
    format: Annotated[str, Meta(description="keras, hdf5 (Keras 3) or hdf5-legacy (Keras 2).")]
    model: Annotated[str, Meta(description="Class of the model.")]
    parameter_count: Annotated[Count, Meta(description="Numbers in all weights, without those of an optimizer.")]
    layers: Annotated[list[KerasLayer], Meta(description="All layers, in the order of the file.")]
    refused: Annotated[list[str], Meta(description="Each object that is not accepted; empty for a model that is read.")]
