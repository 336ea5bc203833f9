"""Requests and their replies: sequence, nonce, deadlines and repetitions."""

from __future__ import annotations

import re
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from quantci.device.command import ERROR, EVENT, REPLY, Command, ErrorCode, Event
from quantci.device.counts import Counts
from quantci.device.fault import DeviceError
from quantci.device.fields import Fields
from quantci.device.packet import ZERO, Packet
from quantci.device.receiver import Receiver
from quantci.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.device.serial_log import SerialLog
    from quantci.device.transport import Transport

REPETITIONS: Final = 3
REPEAT_AFTER_S: Final = 0.5
_GRACE_S: Final = 0.05  # after a damaged frame, for the one that may still come
_REMEDIES: Final = {
    "timeout": "Reset or power-cycle the board, and look at its log.",
    "identity": "Reset the board, and see that nobody else uses it.",
    "link": "Check cable and hub, and try a slower rate or another port.",
}
_CONTROL: Final = re.compile(rb"[\x01-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]")  # in frames, not in logs


class _Waiting:
    """For a reply: until when, and when to repeat the request."""

    def __init__(self, now_s: float, deadline_s: float, repeat_after_s: float) -> None:
        self.now_s, self.repeated = now_s, 0
        self._deadline_s, self._step_s = deadline_s, repeat_after_s
        self._end_s, self._repeat_s = now_s + deadline_s, now_s + repeat_after_s

    def wait_s(self, now_s: float) -> float:
        """Until there is something to do."""
        return (self._end_s if self.repeated >= REPETITIONS else min(self._end_s, self._repeat_s)) - now_s

    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return self.now_s >= self._end_s

    def is_late(self) -> bool:
        """Whether the request should be repeated."""
        return self.repeated < REPETITIONS and self.now_s >= self._repeat_s

    def begin_again(self) -> None:
        """The device is alive."""
        self._end_s = self.now_s + self._deadline_s

    def repeat(self) -> None:
        """The request is repeated now."""
        self.repeated += 1
        self._step_s *= 2
        self._repeat_s = self.now_s + self._step_s


class Link:
    """One host's talk with one device.

    Args:
        transport: carries the bytes.
        log: takes what is not a packet.
        nonce: of this run, different from that of any before.
        clock: seconds that never go back.
        repeat_after_s: a request without a reply is repeated after so long, then after twice as long, and so on.

    Attributes:
        counts: what happened so far.
        phase: what the caller is doing, for messages.
        on_progress: called with the iterations done when the device tells them.
        suspects_loss: whether something came that was a frame once, or the device says that it dropped one: what does
            not come soon will not come.
    """

    def __init__(
        self,
        transport: Transport,
        log: SerialLog,
        *,
        nonce: int,
        clock: Callable[[], float] = time.monotonic,
        repeat_after_s: float = REPEAT_AFTER_S,
    ) -> None:
        self.counts = Counts()
        self.phase = ""
        self.on_progress: Callable[[int], None] | None = None
        self._transport, self._log, self._nonce, self._clock = transport, log, nonce, clock
        self.repeat_after_s = repeat_after_s
        self._receiver = Receiver(self._noise)
        self._arrived: deque[Packet] = deque()
        self._sequence = 0
        self._last = "none"
        self._heard_s = 0.0
        self.suspects_loss = False

    def request(
        self,
        command: Command,
        payload: bytes = b"",
        *,
        deadline_s: float,
        repeat_after_s: float | None = None,
        after_loss: bool = False,
    ) -> bytes:
        """The payload of the reply.

        Args:
            command: what is asked.
            payload: its arguments.
            deadline_s: longest time without a reply or a sign of progress.
            repeat_after_s: first repetition; by default that of the link.
            after_loss: whether the last request may have been cut off in the middle.

        Raises:
            BoardError: `timeout`: the device answered nothing at all; `link`: what it answered was disturbed;
                `identity`: it answers another run; `port-lost`, `link-write`.
            DeviceError: it refused.
        """
        sequence, _ = self.send(command, payload, after_loss=after_loss)
        waiting = _Waiting(self._clock(), deadline_s, self.repeat_after_s if repeat_after_s is None else repeat_after_s)
        before = self.heard()
        while True:
            packet = self.receive(waiting.wait_s(self._clock()))
            waiting.now_s = self._clock()
            is_lost = False  # we know that the request or its reply was, and need not wait
            if packet is None:
                is_lost = self.suspects_loss
                if waiting.is_over():
                    raise self.no_reply(command, sequence, deadline_s, before)
            elif packet.type == EVENT:
                kind = self.event(packet)
                is_lost = kind == Event.DROPPED
                if kind == Event.PROGRESS:
                    waiting.begin_again()
            elif self.answers(packet, command, sequence):
                return packet.payload
            if is_lost and waiting.repeated >= REPETITIONS:
                raise self.no_reply(command, sequence, deadline_s, before)
            if is_lost or waiting.is_late():
                waiting.repeat()
                self.counts.repeated += 1
                self.send(command, payload, sequence=sequence)

    def send(
        self, command: Command, payload: bytes, *, sequence: int | None = None, after_loss: bool = False
    ) -> tuple[int, int]:
        """Send a request, or with its sequence the same once more; returns its sequence and its bytes on the line."""
        is_new = sequence is None
        if sequence is None:
            sequence = self._sequence
            self._sequence = (sequence + 1) & 0xFFFF
            self.counts.requests += 1
        self._last = f"{command.name} {sequence}"
        self.suspects_loss = False
        line = Packet(command, sequence, self._nonce, payload).to_line()
        # Two zeros before a frame bring any receiver back in step.
        self._transport.write(line if is_new and not after_loss else ZERO + line)
        return sequence, len(line)

    def receive(self, wait_s: float) -> Packet | None:
        """The next packet; None if none comes in time, or what came was damaged and nothing follows."""
        end_s = self._clock() + wait_s
        while not self._arrived:
            limit_s = min(end_s, self._heard_s + _GRACE_S) if self.suspects_loss else end_s
            data = self._transport.read(max(0.0, limit_s - self._clock()))
            if data:
                self._heard_s = self._clock()
                self._arrived.extend(self._receiver.feed(data))
            if not self._arrived and self._clock() >= (end_s if data else limit_s):
                return None
        self.suspects_loss = False
        return self._arrived.popleft()

    def answers(self, packet: Packet, command: Command, sequence: int) -> bool:
        """Whether a packet is the reply; raises what the device refuses."""
        if packet.sequence != sequence or packet.type not in {command | REPLY, ERROR}:
            self.counts.stale += 1
            return False
        if packet.nonce != self._nonce and packet.type != ERROR:
            self.counts.stale += 1
            self.counts.foreign += 1
            return False
        if packet.type == ERROR:
            try:
                fields = Fields(packet.payload)
                asked, code = fields.take("<BH")
            except ValueError:
                return False
            if asked != command or (packet.nonce != self._nonce and code != ErrorCode.NONCE):
                self.counts.stale += 1
                return False
            raise DeviceError(asked, code, fields.rest().decode("utf-8", errors="backslashreplace"))
        self.counts.replies += 1
        return True

    def event(self, packet: Packet) -> int:
        """The kind of an EVENT; 0 for none that we know."""
        try:
            kind, value = Fields(packet.payload).take("<BI")
        except ValueError:
            return 0
        if kind == Event.DROPPED:
            self.counts.dropped += 1
        elif kind == Event.PROGRESS and self.on_progress is not None:
            self.on_progress(value)
        return int(kind)

    def _noise(self, data: bytes) -> None:
        self.counts.noise_bytes += len(data)
        self._log.received(data)
        if _CONTROL.search(data):
            self.suspects_loss = True
            self.counts.damaged += 1

    def heard(self) -> tuple[int, ...]:
        """What came that was no reply, as counts to compare with later."""
        counts = self.counts
        return counts.noise_bytes, counts.dropped, counts.foreign

    def no_reply(self, command: Command, sequence: int, deadline_s: float, before: tuple[int, ...]) -> BoardError:
        """Why a request failed, by what was heard since `before`."""
        self.counts.timeouts += 1
        self._receiver.flush()
        what = f"No answer to {command.name} (sequence {sequence}, at most {deadline_s:g} s)"
        heard = self.heard()
        if heard[2] > before[2]:
            return self.fault("identity", f"{what}: the device answers another run's requests")
        if heard != before:
            return self.fault("link", f"{what}: what came was disturbed")
        return self.fault("timeout", f"{what}: nothing came")

    def fault(self, code: str, cause: str) -> BoardError:
        """A fault of the line, with the phase, the last frame and the counts."""
        return BoardError(code, f"{cause}{self._state()}", where=self._transport.url, remedy=_REMEDIES[code])

    def told(self, error: BoardError) -> BoardError:
        """A fault of the port, with the same."""
        cause = f"{error.cause.rstrip('.')}{self._state()}"
        return BoardError(error.code, cause, where=error.where, remedy=error.remedy)

    def _state(self) -> str:
        return f", while {self.phase or 'talking'}; last frame {self._last}; {self.counts}."
