"""The state of the virtual device: what its flash holds, what it has selected, what it measured last."""

from __future__ import annotations

import hashlib
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from quantci.device.command import VERSION, ErrorCode, Flag, ModelPlace
from quantci.device.figures import Invocation, OpProfile, Run, Timing
from quantci.device.packet import line_bytes
from quantci.device.virtual.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.device.description import Description
    from quantci.device.virtual.engine import Engine
    from quantci.device.virtual.script import Script

SLOTS: Final = 2
SLOT_BYTES: Final = 4 * 1024**2
ARENA_BYTES: Final = 64 * 1024**2
MODEL_PSRAM: Final = 2 * 1024**2
MAX_INPUT: Final = 2 * 1024**2
MAX_PAYLOAD: Final = 16_384  # more than a chip's, whose memory is dear
MAX_FRAME: Final = line_bytes(MAX_PAYLOAD) - 2
WINDOW: Final = 65_536
MAX_ITERATIONS: Final = 4096
TIMER_HZ: Final = 1_000_000_000  # nanoseconds


@dataclass
class Slot:
    """A place for a model: what arrived of it so far, and what it shall be."""

    data: bytearray = field(default_factory=bytearray)
    size: int = 0
    digest: bytes = b""
    model_id: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it holds a model that checks."""
        return bool(self.size) and len(self.data) == self.size and hashlib.sha256(self.data).digest() == self.digest


class Machine:
    """What both languages of the device act on.

    Args:
        engine: runs models.
        script: what goes wrong.
        max_input: bytes of all inputs together.
        board_id: what HELLO says.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        engine: Engine,
        script: Script,
        *,
        board_id: str = "virtual",
        max_input: int = MAX_INPUT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.script, self.max_input = script, max_input
        self._engine, self._board_id, self._clock = engine, board_id, clock
        self.slots = [Slot() for _ in range(SLOTS)]
        self.boots = -1  # the first start is no restart
        self.last_selected: int | None = None
        self.boot("power-on")

    def boot(self, reason: str) -> None:
        """Start anew: flash stays, all else is gone."""
        self.boots += 1
        self.reset_reason = reason
        self._started_s = self._clock()
        self._selected: tuple[int, Description] | None = None
        self._inputs: dict[int, bytearray] = {}
        self._outputs: list[bytes] = []
        self.timings: list[Timing] = []
        self._ops: list[OpProfile] = []

    def uptime_us(self) -> int:
        """Microseconds since the last boot."""
        return int((self._clock() - self._started_s) * 1e6)

    def hello(self) -> dict[str, object]:
        """The keys of HELLO; what a host's CPU cannot know of a chip is left out."""
        keys: dict[str, object] = {
            "protocol": VERSION,
            "firmware": "quantci-virtual 1",
            "engine": "echo" if self._engine.name == "echo" else "tflm",
            "device": "virtual",
            "board_id": self._board_id,
            "reset_reason": self.reset_reason,
            "boot_count": self.boots,
            "uptime_us": self.uptime_us(),
            "timer_hz": TIMER_HZ,
            "tflm": self._engine.version,
            "kernels": None if self._engine.name == "echo" else "reference",
            "slots": SLOTS,
            "slot_bytes": SLOT_BYTES,
            "arena_internal": ARENA_BYTES,
            "arena_psram": ARENA_BYTES,
            "model_psram": MODEL_PSRAM,
            "max_payload": MAX_PAYLOAD,
            "max_frame": MAX_FRAME,
            "window": WINDOW,
            "max_input": self.max_input,
            "max_iterations": MAX_ITERATIONS,
        }
        for number, slot in enumerate(self.slots):
            keys[f"slot{number}_sha256"] = slot.digest.hex() if slot.is_whole else None
        return keys | self.script.hello_keys()

    def store(self, number: int, model: bytes, model_id: str) -> None:
        """Put a model into a slot at once, and select it: what `serve MODEL` starts with."""
        self.slots[number] = Slot(bytearray(model), len(model), hashlib.sha256(model).digest(), model_id)
        self.last_selected = number

    def slot(self, number: int) -> Slot:
        """The slot, or Refusal."""
        if number >= SLOTS:
            raise Refusal(ErrorCode.SLOT, f"{number}")
        return self.slots[number]

    def select(self, number: int, arena_bytes: int, model_id: str, place: ModelPlace = ModelPlace.FLASH) -> Description:
        """Allocate a slot's model."""
        slot = self.slot(number)
        self._selected = None
        if not slot.is_whole:
            raise Refusal(ErrorCode.SLOT, "no model that checks")
        if place == ModelPlace.PSRAM and slot.size > MODEL_PSRAM:
            raise Refusal(ErrorCode.PLACE, f"{slot.size} bytes, PSRAM has room for {MODEL_PSRAM}")
        if arena_bytes > ARENA_BYTES:
            raise Refusal(ErrorCode.MEMORY, f"{ARENA_BYTES} bytes")
        description = self._engine.load(bytes(slot.data), arena_bytes)
        slot.model_id = model_id or slot.model_id
        self.last_selected = number
        self._selected = number, description
        self._inputs.clear()
        self._outputs, self.timings = [], []
        self._ops = [OpProfile(code, 0, 0, 0) for code in self._engine.codes()]
        return description

    @property
    def selected(self) -> Description:
        """The model that is selected, or was last, before a restart; Refusal without one."""
        if self._selected is None and self.last_selected is not None and self.slots[self.last_selected].is_whole:
            self.select(self.last_selected, 0, "")
        if self._selected is None:
            raise Refusal(ErrorCode.STATE, "no model is selected")
        return self._selected[1]

    @property
    def model_id(self) -> str:
        """Of the model that was selected last; `none` without one."""
        number = self.last_selected
        return "none" if number is None else self.slots[number].model_id or "none"

    def forget(self, number: int) -> None:
        """A slot's model is replaced: it cannot stay selected."""
        if self._selected is not None and self._selected[0] == number:
            self._selected = None

    def write_input(self, index: int, offset: int, data: bytes) -> int:
        """Take a piece of an input; returns the offset that follows."""
        if index >= len(self.selected.inputs):
            raise Refusal(ErrorCode.INDEX, f"{index}")
        size = self.selected.inputs[index].size_bytes
        held = self._inputs.setdefault(index, bytearray())
        if offset == 0:
            held.clear()  # an input begins anew
        if offset != len(held):
            return len(held)
        if offset + len(data) > min(size, self.max_input):
            raise Refusal(ErrorCode.SIZE, f"input {index} has {size} bytes")
        held += data
        return len(held)

    def load_inputs(self, data: bytes) -> None:
        """All inputs, one after the other."""
        if len(data) != self.selected.input_bytes:
            raise Refusal(ErrorCode.LENGTH, f"the inputs have {self.selected.input_bytes} bytes")
        start = 0
        for index, tensor in enumerate(self.selected.inputs):
            self._inputs[index] = bytearray(data[start : start + tensor.size_bytes])
            start += tensor.size_bytes

    def _loaded(self) -> list[bytes]:
        tensors = self.selected.inputs
        inputs = [bytes(self._inputs.get(index, b"")) for index in range(len(tensors))]
        if any(len(data) != tensor.size_bytes for data, tensor in zip(inputs, tensors, strict=True)):
            raise Refusal(ErrorCode.STATE, "an input is not loaded")
        return inputs

    def run(self) -> Run:
        """One inference on the loaded inputs, which are given to the engine anew each time."""
        outputs, nanoseconds = self._engine.run(self._loaded())
        self._outputs = self.script.spoil_outputs(outputs)
        cycles, microseconds = self.script.spoil_time(nanoseconds)
        together = b"".join(self._outputs)
        return Run(Timing(cycles, microseconds), zlib.crc32(together), together)

    def invoke(self, warm_up: int, iterations: int, flags: int, progress: Callable[[int], None]) -> Invocation:
        """Many inferences; `progress` is called between them."""
        if iterations > MAX_ITERATIONS:
            raise Refusal(ErrorCode.SIZE, f"{MAX_ITERATIONS} iterations at most")
        self._loaded()
        self.timings = []
        self._ops = [OpProfile(op.code, 0, 0, 0) for op in self._ops]
        for _ in range(warm_up):
            self.run()
            progress(0)
        for done in range(iterations):
            self.timings.append(self.run().timing)
            progress(done + 1)
        if flags & (Flag.PROFILE | Flag.CHECKSUMS):
            self._ops = self._engine.ops(self._loaded())
        cycles, microseconds = (sum(timing[counter] % 2**64 for timing in self.timings) for counter in (0, 1))
        return Invocation(iterations, zlib.crc32(b"".join(self._outputs)), Timing(cycles % 2**64, microseconds % 2**64))

    @property
    def ops(self) -> list[OpProfile]:
        """Each op of the selected model, with what the last INVOKE found of it."""
        _ = self.selected
        return self._ops

    def output(self, index: int) -> bytes:
        """An output of the last inference."""
        if index >= len(self.selected.outputs):
            raise Refusal(ErrorCode.INDEX, f"{index}")
        if not self._outputs:
            raise Refusal(ErrorCode.STATE, "nothing has run")
        return self._outputs[index]
