"""From the bytes of a .tflite to its object tree and back.

Nothing here trusts the bytes: LiteRT and TFLM do not verify a model, and a wrong offset kills the process. So each
model is parsed here, in Python, before native code sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quantci.errors import ModelRejected
from quantci.tflite.decode import decode
from quantci.tflite.verify.damage import Damage, require
from quantci.tflite.verify.graph import check_model
from quantci.tflite.verify.tensors import check_finite

if TYPE_CHECKING:
    from collections.abc import Sequence

IDENTIFIER = b"TFL3"
_DATA_ALIGNMENT = 16


def parse(data: bytes, where: str) -> Any:
    """The model as the schema's ModelT, after its structure was checked.

    Vectors of numbers are read-only NumPy views into `data`; names are bytes.

    Args:
        data: content of a .tflite file.
        where: its path or name, for the error.

    Raises:
        ModelRejected: `malformed`, `too-large`, `degenerate`, `unsupported-tensor`, `unsupported-op` or
            `external-data`.
    """
    try:
        require(data[4:8] == IDENTIFIER and len(data) >= 16, "it does not start like a .tflite file")
        model = decode(data)
        check_model(model, len(data))
    except Damage as damage:
        raise _rejected(damage, where) from None
    return model


def check_weights(model: Any, where: str) -> None:
    """Refuse NaN and infinity among the constants of a parsed model.

    Raises:
        ModelRejected: `nan-weights`, naming the tensor.
    """
    try:
        for graph in model.subgraphs:
            for index, tensor in enumerate(graph.tensors):
                check_finite(tensor, index, model.buffers)
    except Damage as damage:
        raise _rejected(damage, where) from None


def pack(model: Any) -> bytes:
    """The flatbuffer of a ModelT. `model` itself is left as it is."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    class AlignedBuffer(schema.BufferT):  # type: ignore[misc]
        """Starts its data at a multiple of 16 bytes, as the schema demands and the generated Python does not.

        On the chip, weights are read where they lie: a misaligned load is slow, an exception, or with the vector
        unit of the ESP32-S3 a load of other bytes.
        """

        def Pack(self, builder: Any) -> Any:  # noqa: N802 - the name is the generator's
            if self.data is not None:
                content = bytes(bytearray(self.data))
                builder.StartVector(1, len(content), _DATA_ALIGNMENT)
                builder.head -= len(content)
                builder.Bytes[builder.head : builder.head + len(content)] = content
                vector = builder.EndVector()
            schema.BufferStart(builder)
            if self.data is not None:
                schema.BufferAddData(builder, vector)
            return schema.BufferEnd(builder)

    buffers: Sequence[Any] = model.buffers
    builder = flatbuffers.Builder(sum(0 if buffer.data is None else len(buffer.data) for buffer in buffers) + 4096)
    try:
        model.buffers = [AlignedBuffer(data=buffer.data) for buffer in buffers]
        builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    finally:
        model.buffers = buffers
    return bytes(builder.Output())


def _rejected(damage: Damage, where: str) -> ModelRejected:
    cause = f"{damage.cause[0].upper()}{damage.cause[1:]}."
    return ModelRejected(damage.code, cause, where=where, remedy=damage.remedy)
