"""What goes between quantci and a jail: a length, then bytes. Answers are MessagePack, which can only be data."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from quantci.errors import ConfigError, ModelRejected, QuantciError, ToolError

if TYPE_CHECKING:
    from collections.abc import Callable

_LIMIT_BYTES: Final = 2 * 1024**3
_ARRAY: Final = 1  # the code of MessagePack's extension that holds a .npy
_KINDS: Final = {kind.__name__: kind for kind in (ConfigError, ModelRejected, ToolError)}


def send(stream: IO[bytes] | None, data: bytes) -> None:
    """Write one message."""
    if stream is None:
        raise EOFError
    stream.write(len(data).to_bytes(8, "little") + data)
    stream.flush()


def receive(stream: IO[bytes] | None) -> bytes:
    """Read one message.

    Raises:
        EOFError: the other side is gone, or claims more than any model has.
    """
    size = int.from_bytes(_exactly(stream, 8), "little")
    if size > _LIMIT_BYTES:
        raise EOFError
    return _exactly(stream, size)


def answer(function: Callable[[], Any]) -> bytes:
    """What a function returns or raises, as a message."""
    try:
        return msgspec.msgpack.encode([True, function()], enc_hook=_encode)
    except QuantciError as error:
        kind = type(error).__name__
        return msgspec.msgpack.encode([False, kind, error.code, error.cause, error.remedy, error.where])
    except MemoryError:
        text = "The process that reads the model ran out of memory."
        return msgspec.msgpack.encode(
            [False, "ToolError", "out-of-memory", text, "Use a machine with more memory.", ""]
        )
    except Exception as error:  # noqa: BLE001  otherwise it would be lost
        text = f"{type(error).__name__}: {error}"
        return msgspec.msgpack.encode(
            [False, "ToolError", "bug", text[:500], "Please report this as a bug in quantci.", ""]
        )


def result(data: bytes, where: str) -> Any:
    """What the function in the jail returned.

    Raises:
        QuantciError: what it raised.
        ToolError: `worker`: this is not an answer.
    """
    try:
        match msgspec.msgpack.decode(data, ext_hook=_decode):
            case [True, value]:
                return value
            case [False, str(kind), str(code), str(cause), str(remedy), str(place)] if kind in _KINDS:
                raise _KINDS[kind](code, cause, remedy=remedy, where=place)
    except (msgspec.DecodeError, ValueError):
        pass
    raise ToolError(
        "worker",
        "The process that reads the model sent an answer that cannot be understood.",
        where=where,
        remedy="Run it again; if that happens again, the model is damaged, or not what it seems.",
    )


def _exactly(stream: IO[bytes] | None, size: int) -> bytes:
    data = stream.read(size) if stream is not None else b""
    if len(data) != size:
        raise EOFError
    return data


def _encode(value: Any) -> msgspec.msgpack.Ext:
    import numpy as np

    file = io.BytesIO()
    np.save(file, np.asarray(value), allow_pickle=False)
    return msgspec.msgpack.Ext(_ARRAY, file.getvalue())


def _decode(code: int, data: memoryview) -> Any:
    import numpy as np

    if code != _ARRAY:
        raise ValueError(code)
    return np.load(io.BytesIO(data), allow_pickle=False)
