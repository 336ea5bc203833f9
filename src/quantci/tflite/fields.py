"""Which fields the tables of the .tflite schema have: references from a list, numbers from the generated code."""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# Slot and name of each field that refers to something, and to what: "<i4" and the like are vectors of such numbers,
# "Name" is a table, "[Name]" a vector of tables, "|Name" a union, whose type stands in the slot before it. What is
# left out is of no interest: `check_model` refuses a model that has a table with more in it.
REFERENCES: Final[dict[str, tuple[tuple[int, str, str], ...]]] = {
    "Model": (
        (1, "operatorCodes", "[OperatorCode]"),
        (2, "subgraphs", "[SubGraph]"),
        (3, "description", "string"),
        (4, "buffers", "[Buffer]"),
        (5, "metadataBuffer", "<i4"),
        (6, "metadata", "[Metadata]"),
        (7, "signatureDefs", "[SignatureDef]"),
        (8, "externalBufferGroups", "[ExternalBufferGroup]"),
        (9, "externalBuffers", "[ExternalBuffer]"),
    ),
    "OperatorCode": ((1, "customCode", "string"),),
    "SubGraph": (
        (0, "tensors", "[Tensor]"),
        (1, "inputs", "<i4"),
        (2, "outputs", "<i4"),
        (3, "operators", "[Operator]"),
        (4, "name", "string"),
    ),
    "Tensor": (
        (0, "shape", "<i4"),
        (3, "name", "string"),
        (4, "quantization", "QuantizationParameters"),
        (6, "sparsity", "SparsityParameters"),
        (7, "shapeSignature", "<i4"),
        (9, "variantTensors", "[VariantSubType]"),
    ),
    "QuantizationParameters": (
        (0, "min", "<f4"),
        (1, "max", "<f4"),
        (2, "scale", "<f4"),
        (3, "zeroPoint", "<i8"),
        (5, "details", "|QuantizationDetails"),
    ),
    "SparsityParameters": (
        (0, "traversalOrder", "<i4"),
        (1, "blockMap", "<i4"),
        (2, "dimMetadata", "[DimensionMetadata]"),
    ),
    "Operator": (
        (1, "inputs", "<i4"),
        (2, "outputs", "<i4"),
        (4, "builtinOptions", "|BuiltinOptions"),
        (5, "customOptions", "<u1"),
        (7, "mutatingVariableInputs", "<b1"),
        (8, "intermediates", "<i4"),
        (12, "builtinOptions2", "|BuiltinOptions2"),
    ),
    "Buffer": ((0, "data", "<u1"),),
    "Metadata": ((0, "name", "string"),),
    "SignatureDef": ((0, "inputs", "[TensorMap]"), (1, "outputs", "[TensorMap]"), (2, "signatureKey", "string")),
    "TensorMap": ((0, "name", "string"),),
    "ExternalBufferGroup": ((0, "name", "string"),),
    "ExternalBuffer": ((4, "packing", "string"),),
    "VariantSubType": ((0, "shape", "<i4"),),
    # Members of unions; all others hold numbers only.
    "CustomQuantization": ((0, "custom", "<u1"),),
    "ConcatEmbeddingsOptions": ((1, "numColumnsPerChannel", "<i4"), (2, "embeddingDimPerChannel", "<i4")),
    "FullyConnectedOptions": ((5, "quantSpec", "<u1"),),
    "ReshapeOptions": ((0, "newShape", "<i4"),),
    "SqueezeOptions": ((0, "squeezeDims", "<i4"),),
    "VarHandleOptions": ((0, "container", "string"), (1, "sharedName", "string")),
    "BucketizeOptions": ((0, "boundaries", "<f4"),),
}
_FORMATS: Final = {
    "Bool": "<?",
    "Int8": "<b",
    "Uint8": "<B",
    "Int32": "<i",
    "Uint32": "<I",
    "Int64": "<q",
    "Uint64": "<Q",
    "Float32": "<f",
}


def maker(kind: str) -> Callable[[], Any] | None:
    """Makes the object of a table, such as TensorT for `Tensor`; None where the schema has no such table."""
    from ai_edge_litert import schema_py_generated as schema

    made: Callable[[], Any] | None = getattr(schema, f"{kind}T", None)
    return made


@cache
def numbers(kind: str) -> list[tuple[int, str, struct.Struct]]:
    """Slot, name and type of each number in a table, as the generated code that writes such a table has them."""
    make = maker(kind)
    writer = _Writer()
    if make is not None:
        table = make()
        for name, default in list(vars(table).items()):
            setattr(table, name, None if default is None else name)
        table.Pack(writer)
    return writer.numbers


class _Writer:
    """Stands for a flatbuffers.Builder, and notes which slot of a table takes what."""

    def __init__(self) -> None:
        self.numbers: list[tuple[int, str, struct.Struct]] = []

    def __getattr__(self, method: str) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            if method.startswith("Prepend"):  # such as PrependInt32Slot(slot, value, default)
                slot, name, _ = arguments
                kind = method.removeprefix("Prepend").removesuffix("Slot")
                self.numbers.append((slot, name, struct.Struct(_FORMATS[kind])))

        return call
