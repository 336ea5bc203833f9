"""Faults carry what, where and what to do, also across processes."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from quantci import errors


@pytest.mark.parametrize(
    ("kind", "status", "exit_code"),
    [
        (errors.ConfigError, "config_rejected", 2),
        (errors.ModelRejected, "model_rejected", 2),
        (errors.DataRejected, "data_rejected", 2),
        (errors.ToolError, "tool_error", 4),
        (errors.Cancelled, "cancelled", 130),
    ],
)
def test_each_kind_has_its_status_and_exit_code(kind: type[errors.QuantciError], status: str, exit_code: int) -> None:
    assert (kind.status, kind.exit_code) == (status, exit_code)


def test_the_message_says_what_where_and_what_to_do() -> None:
    error = errors.ModelRejected("empty", "The file is empty.", where="a.tflite", remedy="Export it again.")
    assert str(error) == "a.tflite: The file is empty. Export it again. [empty]"


def test_a_fault_survives_the_way_out_of_a_worker() -> None:
    error = errors.DataRejected("leak", "Same pixels.", where="val", remedy="Draw anew.")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is errors.DataRejected
    assert vars(again) == vars(error)
    assert str(again) == str(error)


def test_too_long_a_name_is_no_bug() -> None:
    with pytest.raises(OSError) as caught:  # noqa: PT011  whatever the system says of it
        Path(300 * "m").stat()
    fault = errors.fault_of(caught.value)
    assert (type(fault), fault.code, fault.where) == (errors.ConfigError, "path", 200 * "m")


def test_tensorflow_cannot_be_installed_on_python_3_14(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 13, 9))
    assert "pip install 'quantci[tensorflow]', or wait." in str(errors.missing_tensorflow("It", ", or wait"))
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    assert str(errors.missing_tensorflow("It", ", or wait")) == (
        "It needs TensorFlow, which has no release for Python 3.14. Use Python 3.13, or wait. [missing-extra]"
    )
