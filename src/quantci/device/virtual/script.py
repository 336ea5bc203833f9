"""What goes wrong with the virtual device, and when: `--faults`, and its seed.

    NAME[=VALUE][@COMMAND[:N[+]]], ...

without @ always; at the N-th packet of that command (the first, if N is not given), and with + at all after it, too.
`packet` is any command. docs/device.md lists the names.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.device.command import Command, ErrorCode
from quantci.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Name -> what stands after = in it: nothing, a number, or a word.
RATES: Final = ("drop", "flip", "duplicate", "reorder", "noise")
VALUES: Final = {
    **dict.fromkeys(RATES, "rate"),
    "reboot": "word",  # reset reason
    "hang": "number",  # seconds until the watchdog bites; never without
    "vanish": "number",  # seconds until there is a new port
    "gone": "",
    "deaf": "",
    "mute": "",
    "bootloader": "",
    "garbage": "number",  # bytes
    "wrong-crc": "",
    "stale-nonce": "",
    "stale-model": "",
    "error": "word",  # ErrorCode
    "wrong-output": "number",  # steps that the first value is off
    "latency": "number",  # microseconds of each iteration
    "jitter": "number",  # relative spread of the times
    "timer-wrap": "",
    "timer-zero": "",
    "timer-mismatch": "number",  # cycles for what should be one
}
_FORM: Final = re.compile(r"([a-z-]+|hello\.\w+)(?:=([^@,]*))?(?:@([a-z]+)(?::(\d+)(\+)?)?)?")
_COMMANDS: Final = frozenset({"packet", "infer"} | {command.name.lower() for command in Command})


class Fault(NamedTuple):
    """One entry of the script.

    Attributes:
        command: at which it happens; None: always.
        first: at which one of them.
        goes_on: whether at those after it, too.
    """

    name: str
    value: str
    command: str | None
    first: int
    goes_on: bool


def parse_script(text: str) -> list[Fault]:
    """The faults that a text names.

    Raises:
        ConfigError: `config-value`.
    """
    return [_parse(entry.strip()) for entry in text.split(",") if entry.strip()]


def _parse(entry: str) -> Fault:
    match = _FORM.fullmatch(entry)
    if match is None:
        raise _refusal(entry, "is not of the form NAME=VALUE@COMMAND:N")
    name, value, command, first, goes_on = match.groups()
    kind = "word" if name.startswith("hello.") else VALUES.get(name)
    if kind is None:
        raise _refusal(entry, f"names no fault; there are {', '.join(VALUES)} and hello.KEY")
    if command is not None and command not in _COMMANDS:
        raise _refusal(entry, f"names no command; there are {', '.join(sorted(_COMMANDS))}")
    if (kind == "rate" or value) and kind != "word" and not _is_number(value or "", kind):
        raise _refusal(entry, "takes no value" if not kind else f"needs a {kind} after =")
    if name == "error" and (value or "").upper() not in ErrorCode.__members__:
        raise _refusal(entry, f"names no error; there are {', '.join(code.name.lower() for code in ErrorCode)}")
    return Fault(name, value or "", command, int(first or 1), bool(goes_on))


def _is_number(text: str, kind: str) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    return bool(kind) and 0 <= number <= (1 if kind == "rate" else 1e12)


def _refusal(entry: str, why: str) -> ConfigError:
    return ConfigError(
        "config-value",
        f"{entry!r} {why}.",
        where="--faults",
        remedy="Give faults such as drop=1e-4,reboot@invoke:3; docs/device.md lists them.",
    )


class Script:
    """The faults of one device, with the count of its packets; the same seed gives the same faults.

    Attributes:
        random: where all of its chance comes from.
    """

    def __init__(self, faults: Sequence[Fault] = (), seed: int = 0) -> None:
        self.random = random.Random(seed)
        self._faults = faults
        self._counts: Counter[str] = Counter()
        self._now = ""

    def seen(self, command: str) -> None:
        """The device has got this command."""
        self._now = command
        self._counts.update((command, "packet"))

    def rate(self, name: str) -> float:
        """How often a byte suffers this; 0.0 for never."""
        return max((float(fault.value) for fault in self._faults if fault.name == name), default=0.0)

    def fires(self, name: str) -> str | None:
        """The value of a fault that happens now, empty if it has none; None if it does not happen."""
        for fault in self._faults:
            if fault.name == name and self._is_now(fault):
                return fault.value
        return None

    def hello_keys(self) -> dict[str, object]:
        """What HELLO says instead of the truth; an empty value leaves the key out."""
        found = [fault for fault in self._faults if fault.name.startswith("hello.") and self._is_now(fault)]
        return {fault.name.removeprefix("hello."): fault.value or None for fault in found}

    def spoil_outputs(self, outputs: list[bytes]) -> list[bytes]:
        """The outputs, wrong if they shall be."""
        steps = self.fires("wrong-output")
        if steps is None or not outputs or not outputs[0]:
            return outputs
        first = outputs[0]
        return [bytes([(first[0] + int(float(steps or "1"))) & 0xFF]) + first[1:], *outputs[1:]]

    def spoil_time(self, nanoseconds: int) -> tuple[int, int]:
        """Cycles and microseconds of one inference."""
        if (fixed := self.fires("latency")) is not None:
            nanoseconds = round(float(fixed or "1000") * 1000)
        if (spread := self.fires("jitter")) is not None:
            nanoseconds = max(1, round(nanoseconds * (1 + float(spread or "0.1") * self.random.gauss(0, 1))))
        cycles = nanoseconds
        if self.fires("timer-wrap") is not None:
            cycles = (cycles - 2**32) % 2**64
        if self.fires("timer-zero") is not None:
            cycles = 0
        if (factor := self.fires("timer-mismatch")) is not None:
            cycles = round(cycles * float(factor or "1.05"))
        return cycles, nanoseconds // 1000

    def _is_now(self, fault: Fault) -> bool:
        if fault.command is None:
            return True
        if fault.command not in {self._now, "packet"}:
            return False
        count = self._counts[fault.command]
        return count == fault.first or (fault.goes_on and count > fault.first)
