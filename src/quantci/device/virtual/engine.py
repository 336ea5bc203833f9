"""What runs a model inside the virtual device: TFLM in a worker, or an echo for tests of the protocol."""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import numpy as np

from quantci.device.command import ErrorCode
from quantci.device.description import Description, Tensor
from quantci.device.figures import OpProfile
from quantci.device.virtual import worker
from quantci.device.virtual.refusal import Refusal, Restart
from quantci.errors import ModelRejected

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.workers.pool import Pool

T = TypeVar("T")

ARENA_BYTES: Final = 64 * 1024**2
_CODES: Final = {"unsupported-op": ErrorCode.OP, "arena": ErrorCode.ARENA}
_CRASHES: Final = {"crashed-interpreter", "too-slow"}
_ECHO_BYTES: Final = 64


class Engine(Protocol):
    """Runs one model at a time.

    Attributes:
        name: tflm, litert-reference or echo.
        version: of what runs it; None for the echo.
    """

    name: str
    version: str | None

    def load(self, model: bytes, arena_bytes: int) -> Description:
        """Allocate a model.

        Raises:
            Refusal: it cannot run.
            Restart: it crashed the interpreter.
        """
        ...

    def run(self, inputs: list[bytes]) -> tuple[list[bytes], int]:
        """One inference: outputs, and nanoseconds that it took.

        Raises:
            Refusal, Restart: as above.
        """
        ...

    def codes(self) -> list[int]:
        """tflite::BuiltinOperator of each op."""
        ...

    def ops(self, inputs: list[bytes]) -> list[OpProfile]:
        """The ops, with the CRC-32 of what each puts out for these inputs; their times are not measured."""
        ...


class EchoEngine:
    """Gives back its input. Any bytes are a model; `ECHO` and a 32-bit number are one that takes so many bytes."""

    def __init__(self) -> None:
        self.name: str = "echo"
        self.version: str | None = None
        self._size = _ECHO_BYTES

    def load(self, model: bytes, arena_bytes: int) -> Description:
        """See Engine."""
        self._size = int.from_bytes(model[4:8], "little") if model[:4] == b"ECHO" and len(model) == 8 else _ECHO_BYTES
        tensor = Tensor(dtype="int8", shape=(1, self._size), scale=1.0, zero_point=0)
        given = arena_bytes or ARENA_BYTES
        return Description(arena_used_bytes=0, arena_given_bytes=given, op_count=1, inputs=(tensor,), outputs=(tensor,))

    def run(self, inputs: list[bytes]) -> tuple[list[bytes], int]:
        """See Engine."""
        start = time.perf_counter_ns()
        outputs = [bytes(data) for data in inputs]
        return outputs, time.perf_counter_ns() - start

    def ops(self, inputs: list[bytes]) -> list[OpProfile]:
        """See Engine."""
        return [OpProfile(code=0, iterations=0, cycles=0, output_crc=zlib.crc32(b"".join(inputs)))]

    def codes(self) -> list[int]:
        """See Engine."""
        return [0]


class HostEngine:
    """TFLM's wheel, or LiteRT's reference kernels where there is none, in a worker: a model may crash it.

    Args:
        pool: with one worker.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.name, self.version = self._pool.call(worker.name)
        self._description: Description | None = None

    def load(self, model: bytes, arena_bytes: int) -> Description:
        """See Engine."""
        self._description = self._call(ErrorCode.MODEL, worker.load, model, arena_bytes)
        return self._description

    def run(self, inputs: list[bytes]) -> tuple[list[bytes], int]:
        """See Engine."""
        assert self._description is not None
        arrays = [tensor.array(data) for tensor, data in zip(self._description.inputs, inputs, strict=True)]
        outputs, nanoseconds = self._call(ErrorCode.INVOKE, worker.run, arrays)
        return [np.ascontiguousarray(array).tobytes() for array in outputs], nanoseconds

    def ops(self, inputs: list[bytes]) -> list[OpProfile]:
        """See Engine."""
        assert self._description is not None
        arrays = [tensor.array(data) for tensor, data in zip(self._description.inputs, inputs, strict=True)]
        return [OpProfile(*op) for op in self._call(ErrorCode.INVOKE, worker.ops, arrays)]

    def codes(self) -> list[int]:
        """See Engine."""
        return self._call(ErrorCode.INVOKE, worker.codes)

    def _call(self, code: ErrorCode, function: Callable[..., T], *args: object) -> T:
        """Call the worker; its death is the device's."""
        try:
            return self._pool.call(function, *args)
        except ModelRejected as error:
            if error.code in _CRASHES:
                raise Restart("panic") from None
            raise Refusal(_CODES.get(error.code, code), error.cause) from None
