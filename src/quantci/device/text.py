"""The text of MLPerf Tiny: drives any board that speaks it, ours or another's."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.device.serial_log import SerialLog, escape
from quantci.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.device.transport import Transport

ANSWER_S: Final = 5.0  # what MLPerf's own client allows
INFER_S: Final = 30.0
DB_BYTES: Final = 31  # a command: 80 characters would hold more, the reference client sends as many
_READY: Final = "m-ready"
_MAX_LINE_BYTES: Final = 64 * 1024  # one number for each of many outputs
_MAX_LINES: Final = 10_000
_NUMBER: Final = re.compile(r"m-lap-us-(\d+)")
_RESULTS: Final = re.compile(r"m-results-\[([^]]*)\]")


class Inference(NamedTuple):
    """What `infer` says.

    Attributes:
        start_us: the device's clock before the first iteration that counts.
        end_us: after the last.
        results: outputs, dequantized, with three decimals.
    """

    start_us: int
    end_us: int
    results: list[float]


class TextClient:
    """Sends commands, one at a time.

    Args:
        transport: opened.
        log: takes every line.
        clock: seconds that never go back.
    """

    def __init__(
        self, transport: Transport, log: SerialLog | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.log = SerialLog(clock=clock) if log is None else log
        self._transport, self._clock = transport, clock
        self._pending = b""

    def settle(self, quiet_s: float = 0.2) -> None:
        """Let the device finish what it says at boot: `m-ready` of it must not be taken for an answer's."""
        end_s = self._clock() + ANSWER_S
        while (data := self._transport.read(quiet_s)) and self._clock() < end_s:
            self.log.received(data)
        self._pending = b""

    def command(self, text: str, *, deadline_s: float = ANSWER_S) -> list[str]:
        """The lines of the answer, without `m-ready`.

        Raises:
            BoardError: `timeout`: no `m-ready` came; `text-refused`: the answer is an error; `port-lost`, `link-write`.
        """
        self._transport.write(f"{text}%".encode("ascii"))
        end_s = self._clock() + deadline_s
        lines: list[str] = []
        while (line := self._line(end_s)) != _READY:
            if line is None or len(lines) >= _MAX_LINES:
                raise self._timeout(text, deadline_s, lines)
            lines.append(line)
        wrong = next((line for line in lines if line.startswith("e-")), None)
        if wrong is not None:
            raise BoardError(
                "text-refused",
                f"The device answered {text.partition(' ')[0]!r} with {wrong}.",
                where=self._transport.url,
                remedy="Check that the model's id and the size of its input are those of the device.",
            )
        return lines

    def name(self) -> str:
        """What the device calls itself."""
        return self._bracketed(self.command("name"), "m-name-dut-")

    def profile(self) -> tuple[str, str]:
        """The profile that the device speaks, and the id of its model."""
        lines = self.command("profile")
        return self._bracketed(lines, "m-profile-"), self._bracketed(lines, "m-model-")

    def load(self, data: bytes) -> None:
        """Fill the device's buffer.

        Raises:
            BoardError: `link`: the device does not say that it has all; those of `command`.
        """
        lines = self.command(f"db load {len(data)}")
        for start in range(0, len(data), DB_BYTES):
            lines = self.command(f"db {data[start : start + DB_BYTES].hex()}")
        if "m-load-done" not in lines:
            raise self._link(f"The device has not got all {len(data):,} bytes")

    def infer(self, count: int = 1, warm_up: int = 10, *, deadline_s: float = INFER_S) -> Inference:
        """Run what was loaded."""
        lines = self.command(f"infer {count} {warm_up}", deadline_s=deadline_s)
        laps = [int(match[1]) for line in lines if (match := _NUMBER.fullmatch(line))]
        if len(laps) != 2:
            raise self._link(f"infer answered {len(laps)} times, not 2")
        return Inference(laps[0], laps[1], self._results(lines))

    def results(self) -> list[float]:
        """The outputs of the last inference."""
        return self._results(self.command("results"))

    def _results(self, lines: list[str]) -> list[float]:
        for line in lines:
            if match := _RESULTS.fullmatch(line):
                try:
                    return [float(value) for value in match[1].split(",")]
                except ValueError:
                    break
        raise self._link("The answer holds no results")

    def _bracketed(self, lines: list[str], start: str) -> str:
        for line in lines:
            if line.startswith(f"{start}[") and line.endswith("]"):
                return line[len(start) + 1 : -1]
        raise self._link(f"The answer holds no {start}[...]")

    def _line(self, end_s: float) -> str | None:
        """The next line; None if it does not come in time."""
        while b"\n" not in self._pending:
            data = self._transport.read(max(0.0, end_s - self._clock()))
            self._pending = (self._pending + data)[-_MAX_LINE_BYTES:]
            if self._clock() >= end_s and b"\n" not in data:
                return None
        line, _, self._pending = self._pending.partition(b"\n")
        self.log.received(line)
        return escape(line.strip(b"\r\0"))

    def _timeout(self, text: str, deadline_s: float, lines: list[str]) -> BoardError:
        word = text.partition(" ")[0]
        shown = "; ".join([*lines[-3:], escape(self._pending[-80:])]).strip("; ") or "nothing"
        return BoardError(
            "timeout",
            f"No m-ready within {deadline_s:g} s of {word!r}; what came: {shown}.",
            where=self._transport.url,
            remedy="Reset or power-cycle the board, and check the rate of the port.",
        )

    def _link(self, cause: str) -> BoardError:
        return BoardError(
            "link", f"{cause}.", where=self._transport.url, remedy="Check cable and hub, and try a slower rate."
        )
