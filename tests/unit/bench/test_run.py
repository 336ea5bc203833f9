"""The whole session with a simulated board: what it finds, and what each fault is called."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.bench_subject import SAMPLES, make_subject, subject_model
from tests.simulated_device import Board

from quantci.bench import greeting
from quantci.bench.fingerprint import differences
from quantci.bench.opener import Opened
from quantci.bench.run import Asked, bench
from quantci.errors import BoardError, DataRejected, QuantciError, ToolError
from quantci.progress import silent
from quantci.records.base import encode
from quantci.records.bench import BenchResult
from quantci.records.device_config import DeviceConfig
from quantci.records.stage import Failure
from quantci.tflite.model import Model

IS_BOARD = "hello.device=board,hello.clock_hz=240000000,latency=1000"


def run(folder: Path, faults: str = IS_BOARD, **changes: Any) -> BenchResult:
    result = bench(make_subject(folder, **changes), Board(faults), silent)
    encode(result)
    return result


def fault(folder: Path, faults: str, board: Board | None = None, **changes: Any) -> QuantciError:
    with pytest.raises(QuantciError) as caught:
        bench(make_subject(folder, **changes), board or Board(f"{IS_BOARD},{faults}"), silent)
    return caught.value


def test_a_model_that_ran_from_psram_is_not_compared_with_one_that_ran_from_flash(tmp_path: Path) -> None:
    device = DeviceConfig(iterations=3, warm_up=1, windows=3)
    flash = run(tmp_path, device=device)
    psram = run(tmp_path, device=replace(device, model_place="psram"))
    assert differences(flash.device.fingerprint, psram.device.fingerprint) == ["model_place was flash and is psram"]
    assert psram.outputs.agreement.identical_outputs == SAMPLES


def test_a_board_that_computes_as_the_host_does(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.device.kind == "board"
    assert result.device.board_id == "7c:df:a1:00:00:01"
    assert result.outputs.agreement.samples == result.outputs.agreement.identical_outputs == SAMPLES
    assert result.outputs.paired.delta == 0
    assert result.outputs.different == []
    assert result.latency is not None
    assert (result.latency.median_us, result.latency.mad_us, result.latency.is_stable) == (1_000, 0, True)
    assert [len(window.latency_us) for window in result.latency.windows] == [3, 3, 3]
    # The simulated ops take 1,000 and 2,000 cycles.
    assert [(op.op, op.cycles) for op in result.ops] == [("FULLY_CONNECTED", 1_000), ("FULLY_CONNECTED", 2_000)]
    assert result.ops[0].share == pytest.approx(1 / 3)
    assert [phase.name for phase in result.phases] == [
        "identify",
        "golden-before",
        "upload",
        "measure",
        "compare",
        "golden-after",
    ]
    assert result.advice == []


def test_a_model_that_is_there_is_not_sent_again(tmp_path: Path) -> None:
    board = Board(IS_BOARD)
    asked = make_subject(tmp_path)
    assert bench(asked, board, silent).was_uploaded
    assert not bench(asked, board, silent).was_uploaded


@pytest.mark.parametrize("kind", ["emulated", "virtual"])
def test_what_is_no_board_has_no_latency(tmp_path: Path, kind: str) -> None:
    result = run(tmp_path, f"hello.device={kind}")
    assert (result.device.kind, result.latency, result.ops) == (kind, None, [])
    assert result.latency_reason
    assert result.outputs.agreement.identical_outputs == SAMPLES


def test_a_device_is_never_more_than_what_opened_it(tmp_path: Path) -> None:
    """An emulator that runs the board's own firmware does not know that it is one."""
    result = bench(make_subject(tmp_path), Board(IS_BOARD, kind="emulated"), silent)
    assert result.device.kind == "emulated"
    assert result.latency is None


def test_a_base_is_measured_in_turns(tmp_path: Path) -> None:
    base = subject_model()
    draft = base.draft()
    draft.description = b"the base"
    result = run(tmp_path, base_model=base.changed(draft))
    assert result.against_base is not None
    assert (result.against_base.change, result.against_base.verdict) == (0, "same")
    assert len(result.against_base.base.windows) == 3
    assert result.against_base.base_sha256 != result.quantized_sha256


def test_a_base_that_is_missing_costs_the_comparison_alone(tmp_path: Path) -> None:
    failure = Failure(code="no-baseline", cause="There is no baseline yet.", where="", remedy="Wait.")
    result = run(tmp_path, base_model=failure)
    assert (result.against_base, result.base_failure) == (None, failure)
    assert result.latency is not None


def test_a_base_that_the_device_refuses_costs_the_comparison_alone(tmp_path: Path) -> None:
    result = run(tmp_path, base_model=Model(b"no model at all", "base.tflite"), faults=f"{IS_BOARD}")
    assert result.against_base is None
    assert result.base_failure is not None


def test_outputs_that_differ_are_no_board_error(tmp_path: Path) -> None:
    """The golden model is right: runs 1 to 8 before, 9 to 32 are the set, then 8 again."""
    result = run(tmp_path, f"{IS_BOARD},wrong-output=3@run:12")
    assert result.outputs.agreement.identical_outputs == SAMPLES - 1
    assert result.outputs.agreement.largest_lsb == 3
    assert len(result.outputs.different) == 1
    (advice,) = result.advice
    assert advice.code == "wrong-output"
    assert "1 of 24 outputs" in advice.text
    assert "Nobody looked" in result.outputs.first_op_reason


def test_bisect_says_that_a_difference_does_not_repeat(tmp_path: Path) -> None:
    result = run(tmp_path, f"{IS_BOARD},wrong-output=3@run:12", bisect=True)
    assert result.outputs.first_op is None
    assert "does not repeat" in result.outputs.first_op_reason


def test_times_that_jump_give_no_verdict(tmp_path: Path) -> None:
    result = run(tmp_path, f"{IS_BOARD},jitter=0.3")
    assert result.latency is not None
    assert not result.latency.is_stable
    assert [advice.code for advice in result.advice] == ["unstable"]


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ("gone@run:20", "port-lost"),
        ("stale-nonce", "identity"),
        ("stale-model", "identity"),
        ("reboot=panic@run:20", "reboot"),
        ("reboot=brownout@invoke", "reboot"),
        ("hang@run:20", "timeout"),
        ("hang=3@invoke", "reboot"),  # a watchdog bites
        ("drop=0.3", "link"),
        ("wrong-crc@run:20+", "link"),
        ("deaf@run:20", "link-write"),
        ("timer-wrap", "timer"),
        ("timer-zero", "timer"),
        ("timer-mismatch=1.05", "timer"),
        ("wrong-output@run:1", "golden"),
        ("wrong-output@run:33+", "golden"),  # after the set
        ("hello.engine=echo", "no-engine"),
        ("hello.fault=no flash", "device-fault"),
    ],
)
def test_what_a_fault_is_called(tmp_path: Path, faults: str, code: str) -> None:
    error = fault(tmp_path, faults)
    assert error.code == code
    assert isinstance(error, BoardError)
    assert error.remedy


@pytest.mark.parametrize(
    ("told", "device"),
    [
        ("hello.arena_psram=0", DeviceConfig(arena="psram")),
        ("hello.model_psram=0", DeviceConfig(model_place="psram")),
    ],
    ids=["arena", "model_place"],
)
def test_a_memory_that_the_device_does_not_have_is_not_a_broken_board(
    tmp_path: Path, told: str, device: DeviceConfig, request: pytest.FixtureRequest
) -> None:
    error = fault(tmp_path, told, device=device)
    assert (error.code, error.exit_code) == ("no-psram", 2)
    assert f"device.{request.node.callspec.id} is psram" in error.cause


@pytest.mark.parametrize(
    ("faults", "code"),
    [
        ("error=arena@select:2", "arena"),
        ("error=place@select:2", "model-place"),
        ("error=op@select:2", "unsupported-op"),
    ],
)
def test_what_the_device_cannot_run_is_the_models_fault(tmp_path: Path, faults: str, code: str) -> None:
    """The first SELECT is the golden model's."""
    error = fault(tmp_path, faults)
    assert (error.code, error.status) == (code, "model_rejected")


@pytest.mark.parametrize(
    "faults", ["drop=1e-4", "flip=1e-4", "duplicate=1e-4", "reorder=1e-4", "noise=0.2", "garbage=100000@run:20"]
)
def test_a_bad_line_costs_repetitions_alone(tmp_path: Path, faults: str) -> None:
    result = run(tmp_path, f"{IS_BOARD},{faults}")
    assert result.outputs.agreement.identical_outputs == SAMPLES


RUNGS = ["port", "reset line", "watchdog", "power"]


def test_a_port_that_is_dead_both_ways_goes_into_quarantine_by_its_place(tmp_path: Path) -> None:
    """What it printed at its start is long gone, and it never said who it is."""
    board = Board(f"{IS_BOARD},mute@packet:1+", key="usb-1-4.2")
    board.sent.clear()
    error = fault(tmp_path, "", board)
    assert error.code == "usb-dead"
    assert "Tried in vain: port, reset line, watchdog, power" in error.cause
    assert "quantci device release usb-1-4.2" in error.remedy
    assert (board.climbed, board.opened) == (RUNGS, 1)
    with pytest.raises(BoardError) as caught:
        make_subject(tmp_path).boards.check("usb-1-4.2")
    assert caught.value.code == "quarantined"


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("event", ["hang", "bootloader"])
def test_a_silent_board_is_brought_back_by_the_first_rung_that_helps(tmp_path: Path, event: str, count: int) -> None:
    board = Board(f"{IS_BOARD},{event}@hello:1", woken_by=RUNGS[count - 1])
    board.sent.clear()
    assert bench(make_subject(tmp_path), board, silent).retries == 1
    assert (board.climbed, board.opened) == (RUNGS[:count], 2)
    assert make_subject(tmp_path).boards.all() == []


def emulated_subject(folder: Path) -> Asked:
    return make_subject(folder, DeviceConfig(kind="emulated", iterations=3, warm_up=1, windows=3))


def test_an_emulator_that_hangs_at_its_start_is_started_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(greeting, "_BOOT_S", 0.0)
    starts = [Board(f"{IS_BOARD},hang@hello:1", kind="emulated"), Board(IS_BOARD, kind="emulated")]
    starts[0].sent.clear()
    left = iter(starts)

    def open_next() -> AbstractContextManager[Opened]:
        return next(left)()

    result = bench(emulated_subject(tmp_path), open_next, silent)
    assert (result.retries, [board.opened for board in starts]) == (1, [1, 1])
    assert result.outputs.agreement.identical_outputs == SAMPLES


def test_an_emulator_that_always_hangs_is_given_up_without_talk_of_its_power(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(greeting, "_BOOT_S", 0.0)
    board = Board(f"{IS_BOARD},mute@packet:1+", kind="emulated", key="")
    board.sent.clear()
    with pytest.raises(BoardError) as caught:
        bench(emulated_subject(tmp_path), board, silent)
    assert (caught.value.code, board.opened) == ("usb-dead", 2)
    assert "ower" not in caught.value.remedy
    assert "device.log" in caught.value.remedy


def test_an_emulator_that_hangs_later_is_not_started_anew(tmp_path: Path) -> None:
    board = Board(f"{IS_BOARD},hang@run:20", kind="emulated")
    with pytest.raises(BoardError) as caught:
        bench(emulated_subject(tmp_path), board, silent)
    assert (caught.value.code, board.opened) == ("timeout", 1)


def test_a_lost_port_is_tried_once_more(tmp_path: Path) -> None:
    """What was lost may be back under another name."""
    board = Board(f"{IS_BOARD},vanish=0.3@run:20")
    result = bench(make_subject(tmp_path), board, silent)
    assert board.opened == 2
    assert result.retries == 1
    assert result.outputs.agreement.identical_outputs == SAMPLES


def test_a_port_that_stays_away_is_not_tried_for_ever(tmp_path: Path) -> None:
    board = Board(f"{IS_BOARD},vanish=0.3@run:20,vanish=0.3@run:60")
    error = fault(tmp_path, "", board)
    assert (error.code, board.opened) == ("port-lost", 2)


def test_a_hanging_board_is_brought_back_for_whoever_comes_next(tmp_path: Path) -> None:
    board = Board(f"{IS_BOARD},hang@run:20", woken_by="reset line")
    assert "Tried" not in fault(tmp_path, "", board).cause
    assert (board.climbed, board.opened) == (RUNGS[:2], 1)
    assert bench(make_subject(tmp_path), board, silent).latency is not None


def test_a_board_that_hangs_whatever_is_done_goes_into_quarantine(tmp_path: Path) -> None:
    """By USB's number, which is written otherwise than HELLO has it: it is one board all the same."""
    assert "release 7C:DF" in fault(tmp_path, "hang@run:20").remedy
    assert fault(tmp_path, "").code == "quarantined"


def test_a_board_that_fails_the_golden_model_goes_into_quarantine(tmp_path: Path) -> None:
    assert fault(tmp_path, "wrong-output@run:3").code == "golden"
    assert fault(tmp_path, "").code == "quarantined"
    asked = make_subject(tmp_path)
    asked.boards.release("7c:df:a1:00:00:01")
    assert bench(asked, Board(IS_BOARD), silent).latency is not None


def test_a_virtual_device_never_goes_into_quarantine(tmp_path: Path) -> None:
    board = Board("wrong-output@run:3")
    assert fault(tmp_path, "", board).code == "golden"
    assert make_subject(tmp_path).boards.all() == []


def test_a_sample_that_changed_is_not_compared(tmp_path: Path) -> None:
    import numpy as np

    asked = make_subject(tmp_path)
    arrays = dict(np.load(tmp_path / "set.npz"))
    arrays["X"][5] += 1
    np.savez(tmp_path / "set.npz", **arrays)
    with pytest.raises(DataRejected) as caught:
        bench(asked, Board(IS_BOARD), silent)
    assert caught.value.code == "samples-changed"


def test_predictions_of_another_evaluation_are_refused(tmp_path: Path) -> None:
    asked = make_subject(tmp_path)
    (tmp_path / "predictions.npz").write_bytes(b"PK")
    with pytest.raises(ToolError) as caught:
        bench(asked, Board(IS_BOARD), silent)
    assert caught.value.code == "predictions"
