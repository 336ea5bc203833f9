"""The time of each op, as TFLM's MicroProfiler prints it to a serial port.

Formats: `MicroProfiler::LogCsv` and `Log` of esp-tflite-micro 1.4.0 (tensorflow/lite/micro/micro_profiler.cc), and the
fourth column of an older LogCsv. In front of a line may stand the time of a serial monitor and ESP-IDF's
`I (1234) tag: `; colours are dropped, and lines that are no event are passed over: a log holds more than the profile.
What is lost or garbled on the way shows in the numbers of LogCsv, or in ops that are not the model's.
"""

from __future__ import annotations

import re
import statistics
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.errors import DataRejected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LARGEST_FILE: Final = 8 << 20
_LONGEST_LINE: Final = 500
_UNENDED: Final = 2**32 - 1  # EndEvent never came: the end is set to one tick before the start
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_PREFIX: Final = re.compile(
    r"(?:(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d(?:\.\d+)?(?: ->| >)? )?"  # idf.py monitor, Arduino, PlatformIO
    r"(?:[EWIDV] \([0-9:.]+\) [^:]+: )?"  # ESP-IDF
)
_CSV: Final = re.compile(r"(?P<number>\d{1,5}),(?P<tag>[^,]+),(?P<ticks>\d{1,10})(?:,(?P<ms>\d{1,10}))?")
_TEXT: Final = re.compile(r"(?P<tag>.+) took (?P<ticks>\d{1,10}) ticks \((?P<ms>\d{1,10}) ms\)\.")
_PER_TAG: Final = '"Unique Tag"'


class Event(NamedTuple):
    """One event: an op that ran once.

    Attributes:
        line: of the file, from 1 on.
        tag: name of the op.
    """

    line: int
    tag: str
    ticks: int


def read_profile(path: Path, ops: Sequence[str], ticks_per_second: int) -> list[float]:
    """Ticks of each op, the median where several inferences were profiled.

    Args:
        path: the log, a regular file.
        ops: the model's ops, as TFLM names them, in order.
        ticks_per_second: of the firmware.

    Raises:
        DataRejected: `profile`, naming the line.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise _wrong(str(path), "This is too large for a profile.")
        data = path.read_bytes()
    except OSError as error:
        raise _wrong(str(path), f"The profile cannot be read: {error.strerror}.") from None
    return match(parse(data, str(path), ticks_per_second), ops, str(path))


def parse(data: bytes, where: str, ticks_per_second: int) -> list[Event]:
    """The events of a log.

    Raises:
        DataRejected: `profile`: there are none, some are lost, or one contradicts itself.
    """
    events: list[Event] = []
    next_number = 0
    is_per_tag = False
    for line, raw in enumerate(data.splitlines(), 1):
        if len(raw) > _LONGEST_LINE:
            continue
        text = _COLOUR.sub("", raw.decode("ascii", "replace")).strip()
        text = _PREFIX.sub("", text, count=1)
        is_per_tag |= text.startswith(_PER_TAG)
        found = _CSV.fullmatch(text) or _TEXT.fullmatch(text)
        if found is None:
            continue
        if number := found.groupdict().get("number"):
            if int(number) not in {0, next_number}:
                raise _wrong(f"{where}:{line}", f"Event {next_number} is expected here, and this is event {number}.")
            next_number = int(number) + 1
        event = Event(line, found["tag"], int(found["ticks"]))
        _check(event, found["ms"], f"{where}:{line}", ticks_per_second)
        events.append(event)
    if not events:
        raise _wrong(
            where,
            "These are sums by kind of op, not a line for each op." if is_per_tag else "There is no event in it.",
            "Print it with MicroProfiler::LogCsv().",
        )
    if not any(event.ticks for event in events):
        raise _wrong(
            where,
            "Every event took 0 ticks: this firmware has no clock for the profiler.",
            "Use an esp-tflite-micro that has tensorflow/lite/micro/esp/micro_time.cc (since January 2025).",
        )
    return events


def match(events: Sequence[Event], ops: Sequence[str], where: str) -> list[float]:
    """Ticks of each op; `events` are those of one or more inferences, one after the other.

    Raises:
        DataRejected: `profile`: they are not the events of these ops.
    """
    for index, event in enumerate(events):
        number = index % len(ops) if ops else 0
        if not ops or event.tag != ops[number]:
            wanted = f"op {number} of the model is {ops[number]}" if ops else "the model has no ops"
            raise _wrong(f"{where}:{event.line}", f"This event is {event.tag[:60]!r}, and {wanted}.")
    if not ops or len(events) % len(ops):
        raise _wrong(where, f"There are {len(events)} events, and the model has {len(ops)} ops.")
    return [float(statistics.median(event.ticks for event in events[index :: len(ops)])) for index in range(len(ops))]


def _check(event: Event, ms: str | None, where: str, ticks_per_second: int) -> None:
    if event.ticks >= _UNENDED:
        raise _wrong(where, "This event never ended.")
    expected_ms = 1000 * event.ticks / ticks_per_second
    if ms is not None and abs(expected_ms - int(ms)) > 1 + 1e-6 * expected_ms:  # the firmware computes in float
        raise _wrong(
            where,
            f"{event.ticks} ticks are not {ms} ms at {ticks_per_second} ticks a second.",
            "Fix ticks_per_second in the file of measurements.",
        )


def _wrong(
    where: str, cause: str, remedy: str = "Give the whole output of MicroProfiler::LogCsv() for this model."
) -> DataRejected:
    return DataRejected("profile", cause, where=where, remedy=remedy)
