"""The command line: exit codes, help, and that nothing heavy is needed for it."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

import quantci.cli
from quantci import __version__
from quantci.cli import COMMANDS, main
from quantci.errors import ModelRejected
from quantci.workers import preload


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_explains_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command.split(), "--help"])
    assert caught.value.code == 0
    assert "examples:" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"quantci {__version__}\n"


@pytest.mark.parametrize("argv", [[], ["nonsense"], ["quantize", "--nonsense"], ["quantize", "--task-top", "3"]])
def test_wrong_usage_exits_with_two(
    argv: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preload, "preload", lambda *_modules: None)
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == 2
    assert "--help" in capsys.readouterr().err


def test_a_fault_is_one_line_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(argv: list[str]) -> int:
        raise ModelRejected("empty", "The file is empty.", where="m.tflite", remedy="Export it again.")

    monkeypatch.setattr(quantci.cli, "_main_inner", fail)
    assert main([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "quantci: m.tflite: The file is empty. Export it again. [empty]\n"


def test_a_bug_looks_like_a_bug(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(argv: list[str]) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(quantci.cli, "_main_inner", fail)
    assert main([]) == 1
    assert "bug in quantci" in capsys.readouterr().err


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOSPC, errno.EPIPE])
def test_a_fault_of_the_machine_is_no_bug(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(argv: list[str]) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(quantci.cli, "_main_inner", fail)
    assert main([]) == 4
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize(("name", "exit_code"), [("stdout", 4), ("stderr", 0)])
def test_a_full_stream_ends_in_an_exit_code(name: str, exit_code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(argv: list[str]) -> int:
        getattr(sys, name).write("result")
        return 0

    monkeypatch.setattr(quantci.cli, "_main_inner", work)
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, name, full)
        assert main([]) == exit_code


def test_closed_streams_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantci.cli, "_main_inner", lambda _argv: sys.stdout.write("result") and 0)
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    assert main([]) == 0


def test_a_name_cannot_command_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(argv: list[str]) -> int:
        raise ModelRejected("empty", "There is no \x1b[2Jm.tflite.", remedy="Export it again.")

    monkeypatch.setattr(quantci.cli, "_main_inner", fail)
    assert main([]) == 2
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("name", [".", ""])
def test_a_folder_as_measurements(name: str) -> None:
    assert main(["fit-latency", name]) == 2
