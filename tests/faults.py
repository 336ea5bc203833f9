"""Sessions of bench with a device that fails at random: `python -m tests.faults 2000`.

Each run draws a script of faults from its seed, runs a whole session against the simulated device, and writes the
record that the stage would. It must be valid, of the right class, and there in bounded time: what goes wrong with a
device or its line never reads as a fault of the model, and the other way round.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace
from tests.bench_subject import SAMPLES, make_subject
from tests.golden import example_provenance, example_quantize_record, example_report
from tests.simulated_device import Board, Clock

from quantci.bench.golden import read_golden
from quantci.bench.run import Asked, bench
from quantci.errors import QuantciError, fault_of
from quantci.progress import silent
from quantci.records.base import encode
from quantci.records.bench import BenchRecord
from quantci.records.stage import Failure

MOST_SIMULATED_S: Final = 900.0  # a session without faults takes one
MOST_S: Final = 60.0
GOLDEN: Final = len(read_golden().samples)
IS_BOARD: Final = "hello.device=board,hello.clock_hz=240000000,latency=1000"
LINE: Final = frozenset({"link", "timeout", "usb-dead", "identity", "reboot", "protocol", "foreign-firmware"})
RATES: Final = ("drop", "flip", "duplicate", "reorder")
# How often a session sends each command, so that a fault falls within it.
OFTEN: Final = {
    "hello": 1,
    "begin": 3,
    "chunk": 3,
    "end": 3,
    "select": 6,
    "run": 40,
    "input": 4,
    "invoke": 4,
    "times": 3,
    "ops": 1,
}


class Drawn(NamedTuple):
    """A script, and what may come of it.

    Attributes:
        kind: of the fault, for the summary.
        faults: the script.
        codes: code words of failures that are right; "" is a result, "wrong-output" one with wrong outputs.
    """

    kind: str
    faults: str
    codes: frozenset[str]


class Hang(AssertionError):
    """A session that does not end."""


class Deadline(Clock):
    """Ends a session that waits too long."""

    def __init__(self) -> None:
        super().__init__()
        self._end_s = self.now_s + MOST_SIMULATED_S
        self._real_end_s = time.monotonic() + MOST_S

    def __call__(self) -> float:
        """Now."""
        if self.now_s > self._end_s or time.monotonic() > self._real_end_s:
            raise Hang
        return super().__call__()


def draw(seed: int) -> Drawn:
    """The faults of a seed."""
    chance = random.Random(seed)
    return chance.choice(KINDS)(chance)


def _line(chance: random.Random) -> Drawn:
    rate = 10 ** chance.uniform(-6, -3.5)
    return Drawn("line", f"{chance.choice(RATES)}={rate:.2e}", frozenset({"", *LINE}))


def _bad_line(chance: random.Random) -> Drawn:
    rate = 10 ** chance.uniform(-3, -0.3)
    return Drawn("bad line", f"{chance.choice(RATES)}={rate:.2e}", frozenset({"", *LINE}))


def _noise(chance: random.Random) -> Drawn:
    command, place = _place(chance)
    return Drawn("noise", f"noise={chance.uniform(0, 0.5):.2f},garbage=20000@{command}:{place}", frozenset({""}))


def _timer(chance: random.Random) -> Drawn:
    fault = chance.choice(("timer-zero", "timer-mismatch=1.02", "timer-mismatch=0.9", "timer-wrap"))
    return Drawn("timer", fault, frozenset({"timer"}))


def _output(chance: random.Random) -> Drawn:
    run = chance.randint(1, GOLDEN + SAMPLES + GOLDEN + 10)
    is_golden = run <= GOLDEN or GOLDEN + SAMPLES < run <= 2 * GOLDEN + SAMPLES
    is_set = GOLDEN < run <= GOLDEN + SAMPLES
    code = "golden" if is_golden else "wrong-output" if is_set else ""
    return Drawn("output", f"wrong-output={chance.randint(1, 255)}@run:{run}", frozenset({code}))


def _refusal(chance: random.Random) -> Drawn:
    word, code = chance.choice((("arena", "arena"), ("op", "unsupported-op"), ("model", "tflm-refused")))
    select = chance.choice((1, 2))  # the golden model's, then the candidate's
    return Drawn("refusal", f"error={word}@select:{select}", frozenset({"golden" if select == 1 else code}))


def _stale(chance: random.Random) -> Drawn:
    return Drawn("stale", chance.choice(("stale-nonce", "stale-model")), frozenset({"identity"}))


def _event(chance: random.Random, kind: str = "event", more: str = "") -> Drawn:
    command, place = _place(chance)
    event, codes = chance.choice(
        (
            (f"reboot={chance.choice(('panic', 'watchdog', 'brownout'))}", {"reboot", *LINE}),
            ("hang", {"timeout", "usb-dead", "link", "foreign-firmware"}),
            ("hang=3", {"reboot", *LINE}),
            ("vanish=0.3", {""}),  # once more from the start
            ("gone", {"port-lost"}),
            ("deaf", {"link-write", "port-lost", *LINE}),
            ("mute", {""}),  # one reply that is lost
            ("wrong-crc", {""}),
            ("bootloader", {"stuck-bootloader", *LINE}),
        )
    )
    allowed = {*codes, ""} | (LINE if more else set())  # "": a place that the session does not reach
    return Drawn(kind, f"{event}@{command}:{place}{more}", frozenset(allowed))


def _both(chance: random.Random) -> Drawn:
    return _event(chance, "both", f",drop={10 ** chance.uniform(-6, -4):.2e}")


def _place(chance: random.Random) -> tuple[str, int]:
    command = chance.choice([*OFTEN])
    return command, chance.randint(1, OFTEN[command])


KINDS: Final = (_line, _bad_line, _noise, _event, _event, _timer, _output, _refusal, _stale, _both)


class Ended(NamedTuple):
    """How a run ended: code word, empty for a result, and the simulated seconds that it took."""

    code: str
    status: str
    simulated_s: float


def run(asked: Asked, drawn: Drawn, seed: int) -> Ended:
    """One session, its record, and a report with it.

    Raises:
        AssertionError: it hangs, or ended in another way than it may.
    """
    clock = Deadline()
    board = Board(f"{IS_BOARD},{drawn.faults}", seed, clock=clock)
    start_s = clock.now_s
    fault: QuantciError | None = None
    result = None
    try:
        result = bench(asked, board, silent)
    except Hang:
        raise
    except Exception as error:  # noqa: BLE001  a bug is a class, too: the wrong one
        fault = fault_of(error)
    for known in asked.boards.all():
        if known.quarantine is not None:
            asked.boards.release(known.board_id)
    quantized = example_quantize_record()
    assert quantized.result is not None
    record = BenchRecord(
        schema_version=1,
        stage="bench",
        status=fault.status if fault else "ok",  # type: ignore[arg-type]
        failure=Failure.of(fault) if fault else None,
        provenance=example_provenance(),
        result=replace(result, quantized_sha256=quantized.result.quantized_model.sha256) if result else None,
    )
    encode(record)
    report = example_report(bench=record)
    code = fault.code if fault else "wrong-output" if result and result.outputs.different else ""
    assert code in drawn.codes, f"it ended in {code or 'a result'}: {fault}"
    expected = "fail" if code == "wrong-output" or record.status == "model_rejected" else "pass"
    assert report.verdict == expected, f"the report says {report.verdict}"
    if fault is not None and code not in {"arena", "unsupported-op", "tflm-refused"}:
        assert record.status == "board_error", f"the status is {record.status}"
    return Ended(code, record.status, clock.now_s - start_s)


def campaign(count: int, first: int, folder: Path) -> tuple[list[tuple[Drawn, Ended]], list[str]]:
    """So many runs, with seeds from the first on; and what ended as it must not."""
    asked = make_subject(folder)
    ended: list[tuple[Drawn, Ended]] = []
    wrong: list[str] = []
    for seed in range(first, first + count):
        drawn = draw(seed)
        try:
            ended.append((drawn, run(asked, drawn, seed)))
        except AssertionError as error:
            wrong.append(f"seed {seed}: {drawn.faults}: {str(error) or type(error).__name__}")
    return ended, wrong


def main(arguments: list[str]) -> int:
    """Run, and print a table of what became of each kind of fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    given = parser.parse_args(arguments)
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        ended, wrong = campaign(given.count, given.first, Path(folder))
    table = Counter((drawn.kind, end.status, end.code) for drawn, end in ended)
    for (kind, status, code), count in sorted(table.items()):
        print(f"{kind:10} {status:15} {code or 'a result':20} {count:6}")
    longest = max((end.simulated_s for _, end in ended), default=0.0)
    print(
        f"{given.count} runs, {len(ended)} valid records of the right class; the longest session took {longest:.0f} "
        f"simulated seconds; {time.monotonic() - started_s:.0f} s in all"
    )
    print("".join(f"{line}\n" for line in wrong), end="")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
