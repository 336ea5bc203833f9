"""The virtual device without a port, a process or time: bytes go from one side to the other, and a clock is moved."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from quantci.bench.opener import Opened
from quantci.bench.recovery import Recovered, recover
from quantci.device.command import ErrorCode
from quantci.device.description import Description, Tensor
from quantci.device.driver import Device
from quantci.device.figures import OpProfile
from quantci.device.serial_log import SerialLog
from quantci.device.virtual.device import VirtualDevice
from quantci.device.virtual.machine import Machine
from quantci.device.virtual.refusal import Refusal
from quantci.device.virtual.script import Script, parse_script
from quantci.errors import BoardError, ModelRejected
from quantci.records.bench import DeviceKind
from quantci.tflite.cut import cut_after
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.runner import Runner, TensorSpec

_STEP_S = 0.05
_BYTES_PER_S = 1_000_000


@dataclass
class Clock:
    """Seconds that go by when somebody waits."""

    now_s: float = 1_000.0

    def __call__(self) -> float:
        """Now."""
        return self.now_s


class ReferenceEngine:
    """LiteRT's reference kernels, in this process. Every inference takes 1 ms by its clock."""

    name = "tflm"
    version: str | None = "1.2.3"
    nanoseconds = 1_000_000

    def __init__(self) -> None:
        self._model: Model | None = None
        self._runner: Runner | None = None
        self._opened: dict[bytes, tuple[Model, Runner]] = {}

    def load(self, model: bytes, arena_bytes: int) -> Description:
        """See quantci.device.virtual.engine.Engine."""
        try:
            if model not in self._opened:
                made = Model(model, "the slot")
                self._opened[model] = made, open_lite_rt(made, kernels="reference")
        except ModelRejected as error:
            raise Refusal(ErrorCode.MODEL, error.cause) from None
        self._model, self._runner = self._opened[model]
        return Description(
            arena_used_bytes=4_096,
            arena_given_bytes=arena_bytes or 262_144,
            op_count=len(self._model.summary.ops),
            inputs=tuple(map(_tensor, self._runner.inputs)),
            outputs=tuple(map(_tensor, self._runner.outputs)),
        )

    def run(self, inputs: list[bytes]) -> tuple[list[bytes], int]:
        """See Engine."""
        assert self._runner is not None
        return [output.tobytes() for output in self._runner.run(self._arrays(inputs))], self.nanoseconds

    def codes(self) -> list[int]:
        """See Engine; the kinds of the ops play no part."""
        assert self._model is not None
        return [0] * len(self._model.summary.ops)

    def ops(self, inputs: list[bytes]) -> list[OpProfile]:
        """See Engine; each op takes as many microseconds as its place."""
        import zlib

        assert self._model is not None
        found = []
        for op in self._model.summary.ops:
            runner = open_lite_rt(cut_after(self._model, op.index), kernels="reference")
            crc = 0
            for output in runner.run(self._arrays(inputs)):
                crc = zlib.crc32(output.tobytes(), crc)
            found.append(OpProfile(0, 1, 1_000 * (op.index + 1), crc))
        return found

    def _arrays(self, inputs: list[bytes]) -> list[Any]:
        assert self._runner is not None
        return [
            np.frombuffer(data, spec.dtype).reshape(spec.shape)
            for data, spec in zip(inputs, self._runner.inputs, strict=True)
        ]


def _tensor(spec: TensorSpec) -> Tensor:
    return Tensor(dtype=spec.dtype, shape=spec.shape, scale=spec.scale, zero_point=spec.zero_point)


class Line:
    """Both ends of the line; a Transport."""

    url = "virtual:"

    def __init__(self, board: Board) -> None:
        self._board, self.device, self._arrived = board, board.device, board.sent
        self._is_open = True

    def read(self, wait_s: float) -> bytes:
        """See Transport."""
        self._check()
        end_s = self._board.clock.now_s + max(0.0, wait_s)
        while not self._arrived and self._board.clock.now_s < end_s:
            self._board.clock.now_s += min(_STEP_S, end_s - self._board.clock.now_s)
            self.device.tick()
        data = bytes(self._arrived)
        self._arrived.clear()
        return data

    def write(self, data: bytes) -> None:
        """See Transport."""
        self._check()
        if self.device.is_deaf:
            raise BoardError("link-write", "The device took no more bytes for 5 s.", where=self.url, remedy="Reset it.")
        self._board.clock.now_s += len(data) / _BYTES_PER_S
        self.device.tick()
        self.device.feed(data)

    def reset(self) -> bool:
        """See Transport."""
        return self._board.climb("reset line")

    def close(self) -> None:
        """See Transport."""
        self._is_open = False

    def _check(self) -> None:
        if self.device.is_away or not self._is_open:
            raise BoardError("port-lost", "The port has gone: EIO.", where=self.url, remedy="Check the cable.")


@dataclass
class Board:
    """A board that can be opened again and again, as bench.opener.Opener opens one.

    Attributes:
        faults: its script.
        seed: of that.
        kind: what the opener says that it is.
        key: by which its opener knows it.
        woken_by: the rung that brings it back; none does, where it is empty.
        climbed: rungs so far.
    """

    faults: str = ""
    seed: int = 0
    kind: DeviceKind = "board"
    clock: Clock = field(default_factory=Clock)
    engine: ReferenceEngine = field(default_factory=ReferenceEngine)
    key: str = "7C:DF:A1:00:00:01"
    woken_by: str = ""
    climbed: list[str] = field(default_factory=list)
    opened: int = 0

    def __post_init__(self) -> None:
        script = Script(parse_script(self.faults), self.seed)
        machine = Machine(self.engine, script, board_id="7c:df:a1:00:00:01", clock=self.clock)
        self.sent = bytearray()
        self.device = VirtualDevice(machine, self.sent.extend, clock=self.clock)
        self.device.boot()

    def climb(self, rung: str) -> bool:
        """Try to wake it up."""
        self.climbed.append(rung)
        if rung == self.woken_by:
            self.device.restart("external")
        return True

    def recover(self) -> Recovered:
        """As bench.recovery does it with a real one."""

        def greet() -> None:
            self.sent.clear()
            with Device(Line(self), SerialLog(clock=self.clock), clock=self.clock) as device:
                device.hello()

        def rung(name: str) -> Callable[[], str]:
            return lambda: name if self.climb(name) else ""

        return recover([rung(name) for name in ("port", "reset line", "watchdog", "power")], greet)

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Opened]:
        """The device, as an Opener gives it."""
        self.opened += 1
        if self.device.is_away:
            if self.device.away_s is None:
                raise BoardError("no-board", "There is no such port.", where=Line.url, remedy="Connect it.")
            self.clock.now_s += self.device.away_s
            self.sent.clear()
            self.device.back()
        with Device(Line(self), SerialLog(clock=self.clock), clock=self.clock) as device:
            is_board = self.kind == "board"
            yield Opened(device, self.kind, self.key if is_board else None, self.recover if is_board else None)
