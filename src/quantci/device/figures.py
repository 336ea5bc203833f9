"""What a device measures: of a run, of many, and of each op."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from quantci.device.fields import Fields

_TIME: Final = struct.Struct("<QQ")
_OP: Final = struct.Struct("<HHQI")
OP_BYTES: Final = _OP.size
TIME_BYTES: Final = _TIME.size
RUN_HEAD_BYTES: Final = _TIME.size + 4


class Timing(NamedTuple):
    """How long one or more iterations took, by two counters; the microseconds are whole ones."""

    cycles: int
    microseconds: int


class Invocation(NamedTuple):
    """What INVOKE answers.

    Attributes:
        iterations: how many were done, without warm-up.
        output_crc: CRC-32 of all outputs of the last one.
        total: sum over the iterations.
    """

    iterations: int
    output_crc: int
    total: Timing


class OpProfile(NamedTuple):
    """What OPS says of one op.

    Attributes:
        code: tflite::BuiltinOperator.
        iterations: how many were measured; 0: its time was not.
        cycles: sum over them.
        output_crc: CRC-32 of its outputs; 0 when it was not asked for.
    """

    code: int
    iterations: int
    cycles: int
    output_crc: int


class Run(NamedTuple):
    """What RUN answers: the outputs' bytes one after the other, and their CRC-32 as the device computed it."""

    timing: Timing
    output_crc: int
    outputs: bytes


class Counters(NamedTuple):
    """What COUNTERS answers: of the device's receiver, and its boots since power-on."""

    packets: int
    dropped: int
    overrun_bytes: int
    boots: int


def parse_invocation(payload: bytes) -> Invocation:
    """Read INVOKE's reply; ValueError if it is not one."""
    fields = Fields(payload)
    done, crc, cycles, microseconds = fields.take("<IIQQ")
    fields.end()
    return Invocation(done, crc, Timing(cycles, microseconds))


def write_invocation(invocation: Invocation) -> bytes:
    """INVOKE's reply."""
    return struct.pack("<IIQQ", invocation.iterations, invocation.output_crc, *invocation.total)


def parse_timings(payload: bytes) -> list[Timing]:
    """Read TIMES' reply; ValueError if it is not one."""
    if len(payload) % _TIME.size:
        msg = f"{len(payload)} bytes of times"
        raise ValueError(msg)
    return [Timing(*pair) for pair in _TIME.iter_unpack(payload)]


def write_timings(timings: list[Timing]) -> bytes:
    """TIMES' reply."""
    return b"".join(_TIME.pack(*timing) for timing in timings)


def parse_run(payload: bytes) -> Run:
    """Read RUN's reply; ValueError if it is not one."""
    fields = Fields(payload)
    cycles, microseconds, crc = fields.take("<QQI")
    return Run(Timing(cycles, microseconds), crc, fields.rest())


def write_run(run: Run) -> bytes:
    """RUN's reply."""
    return struct.pack("<QQI", *run.timing, run.output_crc) + run.outputs


def parse_ops(payload: bytes) -> tuple[int, list[OpProfile]]:
    """Read OPS' reply: how many ops there are, and those that it holds; ValueError if it is not one."""
    fields = Fields(payload)
    (count,) = fields.take("<H")
    rest = fields.rest()
    if len(rest) % _OP.size:
        msg = f"{len(rest)} bytes of ops"
        raise ValueError(msg)
    return count, [OpProfile(*op) for op in _OP.iter_unpack(rest)]


def write_ops(count: int, ops: list[OpProfile]) -> bytes:
    """OPS' reply."""
    return struct.pack("<H", count) + b"".join(_OP.pack(*op) for op in ops)


def parse_counters(payload: bytes) -> Counters:
    """Read COUNTERS' reply; ValueError if it is not one."""
    fields = Fields(payload)
    counters = Counters(*fields.take("<4I"))
    fields.end()
    return counters
