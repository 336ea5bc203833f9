"""The commands of a device: upload, select, run, measure."""

from __future__ import annotations

import contextlib
import hashlib
import struct
import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from quantci.device.command import NO_FLAGS, Command, ErrorCode, Flag, ModelPlace, Region
from quantci.device.conversation import ANSWER_S, Conversation
from quantci.device.description import Description, parse_description
from quantci.device.fault import DeviceError
from quantci.device.fields import Fields
from quantci.device.figures import (
    RUN_HEAD_BYTES,
    TIME_BYTES,
    Counters,
    Invocation,
    OpProfile,
    Run,
    Timing,
    parse_counters,
    parse_invocation,
    parse_ops,
    parse_run,
    parse_timings,
)
from quantci.device.transfer import Transfer
from quantci.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


ERASE_S: Final = 30.0  # a megabyte of flash
INVOKE_S: Final = 10.0
CANCEL_S: Final = 3.0


class Outcome(NamedTuple):
    """One inference: its outputs, and how long it took."""

    outputs: list[NDArray[Any]]
    timing: Timing


class Upload(NamedTuple):
    """What an upload did.

    Attributes:
        sha256: of the model, as the device computed it.
        start: bytes that the slot held already.
        sent_bytes: that were sent.
    """

    sha256: str
    start: int
    sent_bytes: int


class Device(Conversation):
    """A device, ready to be asked; made of an open transport, as every Conversation is."""

    def echo(self, data: bytes) -> bytes:
        """The bytes, sent there and back."""
        return self._ask("testing the line", Command.ECHO, data)

    def counters(self) -> Counters:
        """What the device's receiver counted."""
        return self._parse(parse_counters, self._ask("reading counters", Command.COUNTERS))

    def reboot(self) -> None:
        """Let the device start anew; it must be greeted again."""
        self._ask("restarting the device", Command.REBOOT)
        self._description = None

    def erase(self, slot: int) -> None:
        """Empty a slot."""
        self._ask("erasing a slot", Command.ERASE, bytes([slot]), deadline_s=ERASE_S)

    def upload(self, slot: int, model: bytes) -> Upload:
        """Bring a model into a slot, unless it is there already; an upload that was cut off goes on.

        Raises:
            BoardError: `storage`; `identity`: the slot holds something else afterwards; `protocol`: it is too large.
        """
        digest = hashlib.sha256(model).digest()
        begin = struct.pack("<BI", slot, len(model)) + digest
        start = len(model)
        for attempt in (1, 2):
            with self._phase(f"uploading the model to slot {slot}"):
                (start,) = self._number(self.link.request(Command.BEGIN, begin, deadline_s=ERASE_S))
                if start > len(model):
                    raise self._identity(f"The device holds {start:,} bytes of a model of {len(model):,}.")
                self._stream(Command.CHUNK, slot, model, start)
                try:
                    found = self.link.request(Command.END, bytes([slot]), deadline_s=ERASE_S)
                except DeviceError as error:
                    if error.code == ErrorCode.HASH and attempt == 1:
                        continue  # the slot is empty now
                    raise
            break
        if found != digest:
            raise self._identity(f"Slot {slot} holds {found.hex()} after the upload of {digest.hex()}.")
        return Upload(found.hex(), start, len(model) - start)

    def select(
        self,
        slot: int,
        *,
        region: Region = Region.INTERNAL,
        place: ModelPlace = ModelPlace.FLASH,
        arena_bytes: int = 0,
        model_id: str = "",
    ) -> Description:
        """Allocate a slot's model; `arena_bytes` 0 takes all there is.

        Raises:
            ModelRejected: `arena`, `model-place`, `unsupported-op`, `tflm-refused`.
        """
        payload = struct.pack("<BBI", slot, region | place, arena_bytes) + model_id.encode()
        answer = self._ask(f"selecting slot {slot}", Command.SELECT, payload, deadline_s=ERASE_S)
        self._description = self._parse(parse_description, answer)
        return self._description

    def load(self, inputs: Sequence[NDArray[Any]]) -> None:
        """Bring the inputs of the selected model to the device."""
        with self._phase("loading inputs"):
            for index, data in enumerate(self._input_bytes(inputs)):
                self._stream(Command.INPUT, index, data, 0)

    def run(self, inputs: Sequence[NDArray[Any]], *, deadline_s: float = INVOKE_S) -> Outcome:
        """One inference, with its outputs."""
        description, limit = self._selected(), self._greeted().max_payload
        if description.output_bytes > limit - RUN_HEAD_BYTES:
            self.load(inputs)
            invocation = self.invoke(0, 1, deadline_s=deadline_s)
            data = b"".join(map(self.output, range(len(description.outputs))))
            return self._outcome(Run(invocation.total, invocation.output_crc, data))
        data = b"".join(self._input_bytes(inputs))
        if len(data) > limit:
            self.load(inputs)
            data = b""
        answer = self._ask("running the model", Command.RUN, data, deadline_s=deadline_s, repeat_after_s=1.0)
        return self._outcome(self._parse(parse_run, answer))

    def invoke(
        self,
        warm_up: int,
        iterations: int,
        *,
        flags: Flag = NO_FLAGS,
        deadline_s: float = INVOKE_S,
        on_progress: Callable[[int], None] | None = None,
    ) -> Invocation:
        """Run the loaded inputs many times; `deadline_s` is the longest time without a sign of life.

        Who is stopped meanwhile leaves a device that is ready.
        """
        payload = struct.pack("<IIB", warm_up, iterations, flags)
        self.link.on_progress = on_progress
        try:
            answer = self._ask("measuring", Command.INVOKE, payload, deadline_s=deadline_s, repeat_after_s=1.0)
        except BoardError as error:
            if error.code in {"timeout", "link"}:
                self._cancel(wait=False)
            raise
        except KeyboardInterrupt:
            self._cancel(wait=True)
            raise
        finally:
            self.link.on_progress = None
        return self._parse(parse_invocation, answer)

    def _cancel(self, *, wait: bool) -> None:
        """Let the device end what it does; where it answered nothing, that is not waited for."""
        with contextlib.suppress(BoardError, DeviceError):
            if wait:
                self.link.request(Command.CANCEL, deadline_s=CANCEL_S, after_loss=True)
            else:
                self.link.send(Command.CANCEL, b"", after_loss=True)

    def times(self, count: int) -> list[Timing]:
        """Each iteration of the last INVOKE."""
        step = self._greeted().max_payload // TIME_BYTES
        timings: list[Timing] = []
        while len(timings) < count:
            asked = struct.pack("<IH", len(timings), min(step, count - len(timings)))
            part = self._parse(parse_timings, self._ask("reading times", Command.TIMES, asked))
            if not part:
                raise self._identity(f"The device has {len(timings)} times of {count} iterations.")
            timings += part
        return timings[:count]

    def ops(self) -> list[OpProfile]:
        """Each op, as the last INVOKE with flags found it."""
        ops: list[OpProfile] = []
        while True:
            answer = self._ask("reading the ops", Command.OPS, struct.pack("<H", len(ops)))
            count, part = self._parse(parse_ops, answer)
            ops += part
            if len(ops) >= count:
                return ops[:count]
            if not part:
                raise self._identity(f"The device tells {len(ops)} of {count} ops.")

    def output(self, index: int) -> bytes:
        """An output's bytes after the last inference."""
        size, limit = self._selected().outputs[index].size_bytes, self._greeted().max_payload
        data = b""
        while len(data) < size:
            asked = struct.pack("<BII", index, len(data), min(limit, size - len(data)))
            part = self._ask("reading an output", Command.OUTPUT, asked)
            if not part:
                raise self._identity(f"The device gives {len(data)} of {size} bytes of output {index}.")
            data += part
        return data

    def _outcome(self, run: Run) -> Outcome:
        description, crc = self._selected(), zlib.crc32(run.outputs)
        if len(run.outputs) != description.output_bytes or crc != run.output_crc:
            raise self._identity(
                f"The device gave {len(run.outputs)} bytes of outputs with CRC-32 {crc:08x}, not "
                f"{description.output_bytes} with {run.output_crc:08x}."
            )
        return Outcome(description.split_outputs(run.outputs), run.timing)

    def _input_bytes(self, inputs: Sequence[NDArray[Any]]) -> list[bytes]:
        tensors = self._selected().inputs
        for tensor, array in zip(tensors, inputs, strict=True):
            if array.dtype != tensor.dtype or array.shape != tensor.shape:
                msg = f"the input takes {tensor.dtype} {list(tensor.shape)}, not {array.dtype} {list(array.shape)}"
                raise ValueError(msg)
        return [array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes() for array in inputs]

    def _stream(self, command: Command, number: int, data: bytes, start: int) -> None:
        hello = self._greeted()
        limits = {"max_payload": hello.max_payload, "window": hello.window}
        Transfer(self.link, command, number, data, start=start, clock=self._clock, **limits).run(ANSWER_S)

    def _number(self, payload: bytes) -> tuple[int]:
        def parse(payload: bytes) -> tuple[int]:
            fields = Fields(payload)
            (number,) = fields.take("<I")
            fields.end()
            return (int(number),)

        return self._parse(parse, payload)

    def _selected(self) -> Description:
        if self._description is None:
            msg = "no model is selected"
            raise ValueError(msg)
        return self._description
