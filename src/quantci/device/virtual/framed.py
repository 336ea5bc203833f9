"""The device's side of framed mode: one method a command."""

from __future__ import annotations

import hashlib
import struct
import time
from typing import TYPE_CHECKING, Final

from quantci.device.command import ERROR, EVENT, REPLY, VERSION, Command, ErrorCode, Event, ModelPlace, Region
from quantci.device.description import write_description
from quantci.device.fields import Fields
from quantci.device.figures import (
    OP_BYTES,
    RUN_HEAD_BYTES,
    TIME_BYTES,
    write_invocation,
    write_ops,
    write_run,
    write_timings,
)
from quantci.device.hello import write_hello
from quantci.device.packet import Packet
from quantci.device.virtual.machine import MAX_PAYLOAD, SLOT_BYTES, Slot
from quantci.device.virtual.refusal import Refusal, Restart

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.device.virtual.device_receiver import DeviceReceiver
    from quantci.device.virtual.machine import Machine

_PROGRESS_S: Final = 0.5
_MAX_ID_BYTES: Final = 32
_STALE: Final = hashlib.sha256(b"the model of the job before").digest()


class FramedMode:
    """Answers packets.

    Args:
        machine: what they act on.
        receiver: with its counts.
        send: takes the bytes of a frame.
        is_cancelled: whether the host of this nonce wants no more of what is carried out.
    """

    def __init__(
        self,
        machine: Machine,
        receiver: DeviceReceiver,
        send: Callable[[bytes], None],
        is_cancelled: Callable[[int], bool],
    ) -> None:
        self._machine, self._receiver, self._send, self._is_cancelled = machine, receiver, send, is_cancelled
        self._nonce = 0
        self._is_greeted = False
        self._last: Packet | None = None
        self._last_reply = b""

    def answer(self, packet: Packet) -> None:
        """Carry it out, or repeat the last answer.

        Raises:
            Restart: the device starts anew.
        """
        if packet != self._last:
            self._last_reply = self._carry_out(packet)
            self._last = packet
        self._send(self._spoil(self._last_reply))
        if packet.type == Command.REBOOT and self._is_greeted and packet.nonce == self._nonce:
            raise Restart("software")

    def event(self, kind: Event, value: int) -> None:
        """Tell the host what it did not ask."""
        self._send(Packet(EVENT, 0, self._nonce, struct.pack("<BI", kind, value)).to_line())

    def _carry_out(self, packet: Packet) -> bytes:
        try:
            payload = self._dispatch(packet)
        except Refusal as refusal:
            said = struct.pack("<BH", packet.type, refusal.code) + refusal.text.encode()[: MAX_PAYLOAD - 3]
            return Packet(ERROR, packet.sequence, packet.nonce, said).to_line()
        except ValueError as error:
            said = struct.pack("<BH", packet.type, ErrorCode.LENGTH) + str(error).encode()
            return Packet(ERROR, packet.sequence, packet.nonce, said).to_line()
        nonce = self._nonce if self._machine.script.fires("stale-nonce") is None else self._nonce ^ 0x5A5A5A5A
        return Packet(packet.type | REPLY, packet.sequence, nonce, payload).to_line()

    def _dispatch(self, packet: Packet) -> bytes:
        if packet.type not in list(Command):
            raise Refusal(ErrorCode.COMMAND, f"{packet.type}")
        command = Command(packet.type)
        if command == Command.HELLO:
            self._nonce, self._is_greeted = packet.nonce, True
        if not self._is_greeted or packet.nonce != self._nonce:
            raise Refusal(ErrorCode.NONCE)
        if (error := self._machine.script.fires("error")) is not None:
            raise Refusal(ErrorCode[error.upper()], "as the script wants it")
        fields = Fields(packet.payload)
        answer: bytes = getattr(self, f"_{command.name.lower()}")(fields)
        fields.end()
        return answer

    def _hello(self, fields: Fields) -> bytes:
        (version,) = fields.take("<H")
        if version != VERSION:
            raise Refusal(ErrorCode.VERSION, f"{VERSION}")
        keys = self._machine.hello()
        if self._machine.script.fires("stale-model") is not None:
            keys |= {f"slot{number}_sha256": _STALE.hex() for number in range(len(self._machine.slots))}
        return write_hello(keys)

    def _echo(self, fields: Fields) -> bytes:
        return fields.rest()

    def _counters(self, fields: Fields) -> bytes:
        del fields
        return struct.pack("<4I", self._receiver.packets, self._receiver.dropped, 0, self._machine.boots)

    def _reboot(self, fields: Fields) -> bytes:
        del fields
        return b""

    def _begin(self, fields: Fields) -> bytes:
        number, size = fields.take("<BI")
        (digest,) = fields.take("<32s")
        slot = self._machine.slot(number)
        if not 0 < size <= SLOT_BYTES:
            raise Refusal(ErrorCode.SIZE, f"a slot has {SLOT_BYTES} bytes")
        if (slot.size, slot.digest) != (size, digest):
            self._machine.forget(number)
            self._machine.slots[number] = Slot(size=size, digest=digest)
        return struct.pack("<I", len(self._machine.slots[number].data))

    def _chunk(self, fields: Fields) -> bytes:
        number, offset = fields.take("<BI")
        data, slot = fields.rest(), self._machine.slot(number)
        if not slot.size:
            raise Refusal(ErrorCode.STATE, "no BEGIN")
        if offset == len(slot.data):
            if offset + len(data) > slot.size:
                raise Refusal(ErrorCode.SIZE, f"BEGIN said {slot.size} bytes")
            slot.data += data
        return struct.pack("<I", len(slot.data))

    def _end(self, fields: Fields) -> bytes:
        (number,) = fields.take("<B")
        slot = self._machine.slot(number)
        if len(slot.data) != slot.size or not slot.size:
            raise Refusal(ErrorCode.STATE, f"{len(slot.data)} of {slot.size} bytes")
        if not slot.is_whole:
            self._machine.slots[number] = Slot()
            raise Refusal(ErrorCode.HASH)
        return slot.digest if self._machine.script.fires("stale-model") is None else _STALE

    def _erase(self, fields: Fields) -> bytes:
        (number,) = fields.take("<B")
        self._machine.slot(number)
        self._machine.forget(number)
        self._machine.slots[number] = Slot()
        return b""

    def _select(self, fields: Fields) -> bytes:
        number, memory, arena_bytes = fields.take("<BBI")
        model_id = fields.rest()
        if len(model_id) > _MAX_ID_BYTES:
            raise Refusal(ErrorCode.LENGTH, f"an id has {_MAX_ID_BYTES} bytes at most")
        if memory > Region.PSRAM | ModelPlace.PSRAM:
            raise Refusal(ErrorCode.MEMORY, f"no memory {memory}")
        place = ModelPlace(memory & ModelPlace.PSRAM)
        return write_description(self._machine.select(number, arena_bytes, model_id.decode("utf-8", "replace"), place))

    def _input(self, fields: Fields) -> bytes:
        index, offset = fields.take("<BI")
        return struct.pack("<I", self._machine.write_input(index, offset, fields.rest()))

    def _invoke(self, fields: Fields) -> bytes:
        warm_up, iterations, flags = fields.take("<IIB")
        last_s = time.monotonic()

        def progress(done: int) -> None:
            nonlocal last_s
            if time.monotonic() - last_s >= _PROGRESS_S:
                self.event(Event.PROGRESS, done)
                last_s = time.monotonic()
            if self._is_cancelled(self._nonce):
                raise Refusal(ErrorCode.CANCELLED, "cancelled")

        return write_invocation(self._machine.invoke(warm_up, iterations, flags, progress))

    def _times(self, fields: Fields) -> bytes:
        first, count = fields.take("<IH")
        timings = self._machine.timings
        if first + count > len(timings):
            raise Refusal(ErrorCode.INDEX, f"there are {len(timings)}")
        if count * TIME_BYTES > MAX_PAYLOAD:
            raise Refusal(ErrorCode.LENGTH, f"{count} do not fit into a packet")
        return write_timings(timings[first : first + count])

    def _output(self, fields: Fields) -> bytes:
        index, offset, length = fields.take("<BII")
        data = self._machine.output(index)
        if length > MAX_PAYLOAD:
            raise Refusal(ErrorCode.LENGTH, f"{MAX_PAYLOAD} bytes fit into a packet")
        if offset + length > len(data):
            raise Refusal(ErrorCode.INDEX, f"it has {len(data)} bytes")
        return data[offset : offset + length]

    def _run(self, fields: Fields) -> bytes:
        inputs, size = fields.rest(), self._machine.selected.output_bytes
        if size > MAX_PAYLOAD - RUN_HEAD_BYTES:
            raise Refusal(ErrorCode.SIZE, f"{size} bytes of outputs")
        if inputs:
            self._machine.load_inputs(inputs)
        return write_run(self._machine.run())

    def _cancel(self, fields: Fields) -> bytes:
        """What there was to cancel has ended by now."""
        del fields
        return b""

    def _ops(self, fields: Fields) -> bytes:
        (first,) = fields.take("<H")
        ops = self._machine.ops
        if first > len(ops):
            raise Refusal(ErrorCode.INDEX, f"there are {len(ops)}")
        return write_ops(len(ops), ops[first : first + (MAX_PAYLOAD - 2) // OP_BYTES])

    def _spoil(self, line: bytes) -> bytes:
        """The reply's frame, with a check that is wrong if it shall be."""
        if self._machine.script.fires("wrong-crc") is None:
            return line
        place = len(line) // 2
        return line[:place] + bytes([line[place] ^ (0x55 if line[place] != 0x55 else 0xAA)]) + line[place + 1 :]
