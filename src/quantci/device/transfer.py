"""Many bytes to a device: in pieces, several on the way at a time, and again from where it lost the thread."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.device.command import EVENT, Event
from quantci.device.fields import Fields
from quantci.device.packet import line_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.device.command import Command
    from quantci.device.link import Link
    from quantci.device.packet import Packet

HEAD_BYTES: Final = 5  # slot or index, and offset
_MIN_PIECE_BYTES: Final = 64
_ON_THE_WAY: Final = 4  # on a line that needs small pieces, more of them would only be sent in vain
_FAILURES: Final = 6  # in a row, each with pieces of half the size


class _Sent(NamedTuple):
    sequence: int
    end: int
    line_bytes: int


class Transfer:
    """One run of CHUNK or INPUT requests.

    Args:
        link: carries them.
        command: CHUNK or INPUT.
        number: slot or index.
        data: all of it.
        start: offset to begin at.
        max_payload: largest payload of the device.
        window: bytes on the line that may be unanswered.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        link: Link,
        command: Command,
        number: int,
        data: bytes,
        *,
        start: int,
        max_payload: int,
        window: int,
        clock: Callable[[], float],
    ) -> None:
        self._link, self._command, self._number, self._data = link, command, number, data
        self._window, self._clock = window, clock
        self._piece = self._largest = max_payload - HEAD_BYTES
        self._base = self._at = start  # the device has all before the first, and was sent all before the second
        self._sent: deque[_Sent] = deque()
        self._failures = self._good = 0
        self._wait_s = link.repeat_after_s

    def run(self, deadline_s: float) -> None:
        """Send it all; `deadline_s` is the longest time without progress.

        Raises:
            BoardError: `timeout`, `link`, `identity`, `port-lost`, `link-write`.
            DeviceError: the device refused.
        """
        before, end_s = self._link.heard(), self._clock() + deadline_s
        while self._base < len(self._data):
            self._fill()
            is_lost = False
            packet = self._link.receive(min(self._wait_s, end_s - self._clock()))
            if packet is None:
                self._wait_s *= 1 if self._link.suspects_loss else 2
                is_lost = True
            elif packet.type == EVENT:
                if self._link.event(packet) == Event.DROPPED:
                    self._link.suspects_loss = True  # of which piece, its next reply tells, if one comes
            else:
                base = self._base
                is_lost = self._takes(packet)
                if self._base > base:
                    end_s = self._clock() + deadline_s
            if is_lost:
                self._failures += 1
                if self._failures > _FAILURES or self._clock() >= end_s:
                    raise self._link.no_reply(self._command, self._base, deadline_s, before)
                self._go_back()

    def _fill(self) -> None:
        """Send as much as the window allows."""
        while self._at < len(self._data):
            piece = self._data[self._at : self._at + self._piece]
            size = line_bytes(len(piece) + HEAD_BYTES)
            on_the_way = sum(entry.line_bytes for entry in self._sent)
            if self._sent and (on_the_way + size > self._window or len(self._sent) >= _ON_THE_WAY):
                return
            head = bytes([self._number]) + self._at.to_bytes(4, "little")
            after_loss = bool(self._failures) and not self._sent
            sequence, size = self._link.send(self._command, head + piece, after_loss=after_loss)
            self._at += len(piece)
            self._sent.append(_Sent(sequence, self._at, size))

    def _takes(self, packet: Packet) -> bool:
        """Take a reply; True if the device expects bytes that were sent already."""
        entry = next((entry for entry in self._sent if entry.sequence == packet.sequence), None)
        if entry is None:
            self._link.counts.stale += 1
            return False
        if not self._link.answers(packet, self._command, packet.sequence):
            return False
        (offset,) = Fields(packet.payload).take("<I")
        if offset > len(self._data):
            raise self._link.fault("link", f"The device expects byte {offset:,} of {len(self._data):,}")
        is_forward, self._base = offset > self._base, offset
        if not is_forward:
            return True
        self._failures, self._good, self._wait_s = 0, self._good + 1, self._link.repeat_after_s
        if self._good % 8 == 0:
            self._piece = min(self._largest, self._piece * 2)
        while self._sent and self._sent[0].end <= offset:  # a reply acknowledges all before its offset
            self._sent.popleft()
        if offset != entry.end:  # it took pieces that were cut otherwise
            self._sent.clear()
            self._at = offset
        return False

    def _go_back(self) -> None:
        self._link.counts.repeated += len(self._sent)
        self._piece = max(_MIN_PIECE_BYTES, self._piece // 2)
        self._at, self._good = self._base, 0
        self._sent.clear()
