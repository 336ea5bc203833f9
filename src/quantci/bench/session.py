"""A session with one device: who is it, is it sound, does it hold the right model, how long does that take."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quantci.bench.greeting import greet, what_it_is
from quantci.bench.latency import check_times
from quantci.device.command import Flag, ModelPlace, Region
from quantci.errors import BoardError, QuantciError
from quantci.records.bench import DeviceIdentity, LatencyWindow, LinkCounters, OpTime, Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from quantci.bench.golden import Golden
    from quantci.device.description import Description
    from quantci.device.driver import Device
    from quantci.device.hello import Hello
    from quantci.records.bench import DeviceKind
    from quantci.records.device_config import DeviceConfig
    from quantci.records.model import ModelSummary, TensorInfo
    from quantci.tflite.model import Model

CANDIDATE: Final = 0  # slots
OTHER: Final = 1  # the golden model, then the base's, then the golden model again
_REGIONS: Final = {"internal": Region.INTERNAL, "psram": Region.PSRAM}
_PLACES: Final = {"flash": ModelPlace.FLASH, "psram": ModelPlace.PSRAM}
_SLOWEST: Final = 20  # times what is expected of an inference; then the device hangs
_LEAST_DEADLINE_S: Final = 10.0
_PROFILED: Final = 10  # iterations whose ops are timed


class Session:
    """What is done with a device, in phases with their times.

    Attributes:
        kind: what the device is: never more than either side says.
        hello: what it says of itself.
        phases: so far.
    """

    def __init__(
        self,
        device: Device,
        kind: DeviceKind,
        config: DeviceConfig,
        *,
        expected_us: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Greet the device.

        Args:
            device: opened.
            kind: what we opened.
            config: how to measure.
            expected_us: of one inference; much later the device counts as hanging.
            clock: seconds that never go back.

        Raises:
            BoardError, ConfigError: as greet() does.
        """
        self._device, self._config, self._clock = device, config, clock
        self._deadline_s = max(_LEAST_DEADLINE_S, _SLOWEST * expected_us / 1e6)
        self.phases: list[Phase] = []
        with self.phase("identify"):
            self.hello: Hello = greet(device, kind, config, clock)
            self.kind = what_it_is(kind, self.hello)

    @property
    def where(self) -> str:
        """What messages name."""
        return self._device.transport.url

    @property
    def board_id(self) -> str | None:
        """Under which this machine remembers it; None for what is no board."""
        return self.hello.board_id if self.kind == "board" else None

    def identity(self) -> DeviceIdentity:
        """What a record says of it."""
        hello = self.hello
        return DeviceIdentity(
            kind=self.kind,
            port=self.where,
            chip=hello.keys.get("chip"),
            board_id=hello.board_id,
            firmware=hello.firmware or "",
            firmware_id=hello.firmware_id,
            reset_reason=hello.reset_reason,
            fingerprint=self.fingerprint(),
        )

    def fingerprint(self) -> dict[str, str]:
        """The build, and where arena and model lie."""
        told = {key: value for key, value in self.hello.fingerprint.items() if value is not None}
        return told | {"arena": self._config.arena, "model_place": self._config.model_place}

    @property
    def clock_hz(self) -> int | None:
        """Of the core; None where the device does not tell."""
        text = self.hello.keys.get("clock_hz", "")
        return int(text) if text.isascii() and text.isdigit() and int(text) else None

    @property
    def timer_hz(self) -> int | None:
        """Of the cycle counter; None without one."""
        return self.hello.timer_hz or None

    def interpreter(self) -> str:
        """Chip, runtime and kernels, as a step of the waterfall names them."""
        keys = self.hello.keys
        versions = [f"{name} {keys[key]}" for name, key in (("TFLM", "tflm"), ("ESP-NN", "esp_nn")) if key in keys]
        words = [keys.get("chip", self.kind), *versions, *([f"kernels {keys['kernels']}"] if "kernels" in keys else [])]
        return ", ".join(words)

    def link(self) -> LinkCounters:
        """What the link did so far."""
        counts = self._device.link.counts
        return LinkCounters(
            requests=counts.requests,
            repeated=counts.repeated,
            stale=counts.stale,
            dropped=counts.dropped,
            timeouts=counts.timeouts,
            noise_bytes=counts.noise_bytes,
        )

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a part of the session."""
        started_s = self._clock()
        try:
            yield
        finally:
            self.phases.append(Phase(name=name, duration_s=max(0.0, self._clock() - started_s)))

    def upload(self, slot: int, model: Model) -> bool:
        """Bring a model to the device; False where it was there already."""
        return self._device.upload(slot, model.data).sent_bytes > 0

    def select(self, slot: int, summary: ModelSummary) -> Description:
        """Allocate a slot's model, and see that it is the one that is meant.

        Raises:
            BoardError: `identity`: its tensors are not those of the model.
            ModelRejected: `arena`, `model-place`, `unsupported-op` or `tflm-refused`.
        """
        description = self._device.select(
            slot, region=_REGIONS[self._config.arena], place=_PLACES[self._config.model_place]
        )
        found = [(tensor.dtype, list(tensor.shape)) for tensor in (*description.inputs, *description.outputs)]
        if found != [(tensor.dtype, tensor.shape) for tensor in (*summary.inputs, *summary.outputs)]:
            raise BoardError(
                "identity",
                f"The model in slot {slot} has other tensors than the one that was sent: {found}.",
                where=self.where,
                remedy="Reset the board, and see that nobody else uses it.",
            )
        return description

    def run(self, integers: NDArray[np.generic]) -> list[NDArray[Any]]:
        """All outputs of the selected model."""
        return self._device.run([integers], deadline_s=self._deadline_s).outputs

    def check_golden(self, golden: Golden, when: str) -> None:
        """Let the device run the golden model.

        Raises:
            BoardError: `golden`: an output is wrong, or the device cannot run it at all.
        """
        with self.phase(f"golden-{when}"):
            summary = golden.model.summary
            try:
                self.upload(OTHER, golden.model)
                self.select(OTHER, summary)
            except BoardError:
                raise
            except QuantciError as error:
                raise self._golden(f"cannot run it: {error.cause}", when) from error
            (taken,) = summary.inputs
            for place, (given, made) in enumerate(golden.samples):
                outputs = self.run(np.frombuffer(given, np.dtype(taken.dtype)).reshape(taken.shape))
                found = b"".join(output.tobytes() for output in outputs)
                if found != made:
                    raise self._golden(f"answers {found.hex()} to sample {place}, and {made.hex()} is right", when)

    def _golden(self, what: str, when: str) -> BoardError:
        return BoardError(
            "golden",
            f"The device fails the golden model {when} the measurement: it {what}.",
            where=self.where,
            remedy="The board, its memory or its firmware is broken: flash it again; if it stays so, replace it.",
        )

    def window(self, integers: NDArray[np.generic]) -> LatencyWindow:
        """Load the input, warm up, and time the selected model.

        Raises:
            BoardError: `timer`: the times cannot be.
        """
        count = min(self._config.iterations, self.hello.max_iterations or self._config.iterations)
        self._device.load([integers])
        invoked = self._device.invoke(self._config.warm_up, count, deadline_s=self._deadline_s)
        times = self._device.times(invoked.iterations)
        window = LatencyWindow(
            latency_us=[time.microseconds for time in times],
            cycles=[time.cycles for time in times] if self.timer_hz else [],
        )
        if self.kind != "emulated":  # an emulator's clocks have nothing to do with each other
            check_times([window], self.timer_hz, self.where)
            self._check_sum(times, invoked.total)
        return window

    def _check_sum(self, times: Sequence[Any], total: Any) -> None:
        if sum(time.microseconds for time in times) != total.microseconds:
            raise BoardError(
                "timer",
                "The device's times do not add up to what it says they do.",
                where=self.where,
                remedy="Reset the board and run again.",
            )

    def op_times(self, summary: ModelSummary, integers: NDArray[np.generic]) -> list[OpTime]:
        """Cycles of each op of the selected model; none where the device counts none."""
        self._device.load([integers])
        self._device.invoke(1, _PROFILED, flags=Flag.PROFILE, deadline_s=self._deadline_s)
        ops = self._device.ops()
        if len(ops) != len(summary.ops) or not all(op.iterations for op in ops):
            return []
        cycles = [op.cycles / op.iterations for op in ops]
        whole = sum(cycles) or 1.0
        return [
            OpTime(index=op.index, op=op.op, cycles=count, share=count / whole)
            for op, count in zip(summary.ops, cycles, strict=True)
        ]

    def op_crcs(self, integers: NDArray[np.generic]) -> list[int]:
        """Of each op's outputs for an input of the selected model."""
        self._device.load([integers])
        self._device.invoke(0, 1, flags=Flag.CHECKSUMS, deadline_s=self._deadline_s)
        return [op.output_crc for op in self._device.ops()]

    @staticmethod
    def some_input(taken: TensorInfo) -> NDArray[np.generic]:
        """For a model whose samples are not at hand: what stands for 0 everywhere."""
        zero = taken.zero_point[0] if taken.zero_point else 0
        return np.full(taken.shape, zero, np.dtype(taken.dtype))
