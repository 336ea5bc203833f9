"""What onnx2tf made of a model is kept, and taken where all that it depends on is the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantci.source.onnx import once
from quantci.source.onnx.once import ConvertOnce

FLATBUFFER = b"what onnx2tf wrote"


class CountingJail:
    """Answers as the real one, without a converter."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def call(self, function: Any, *args: object) -> Any:
        self.calls.append(function.__name__)
        if function.__name__ == "recall":
            assert args == ("inside", [], "m.onnx", FLATBUFFER, {"y": "out"})
        return [FLATBUFFER, "onnx2tf 9", [1, 3, 4, 4], {"y": "out"}]


@pytest.fixture(autouse=True)
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The versions that are installed."""
    found = {"onnx2tf": "9", "onnxsim": "2", "onnx": "3"}
    monkeypatch.setattr(once, "version", found.__getitem__)
    return found


def convert(folder: Path | None, *, identity: str = "a", shape: tuple[int, ...] = ()) -> list[str]:
    """What a run calls in its jail."""
    jail = CountingJail()
    made = ConvertOnce(jail, folder)  # type: ignore[arg-type]
    data, known = made.convert("inside", identity, shape, "m.onnx")
    assert data == FLATBUFFER
    assert (known.converter, known.turned_shape, known.tensors) == ("onnx2tf 9", [1, 3, 4, 4], {"y": "out"})
    made.outputs(np.zeros((1, 4), np.float32))
    made.first_difference(np.zeros((1, 4), np.float32))
    return jail.calls


COMPARED = ["onnx_outputs", "first_difference"]
CONVERTED = ["convert_onnx", *COMPARED]


def test_the_second_run_starts_no_converter_and_compares_all_the_same(tmp_path: Path) -> None:
    assert convert(tmp_path) == CONVERTED
    assert convert(tmp_path) == ["recall", *COMPARED]


def test_another_file_shape_or_version_is_another_conversion(tmp_path: Path, versions: dict[str, str]) -> None:
    assert convert(tmp_path) == CONVERTED
    assert convert(tmp_path, identity="b") == CONVERTED
    assert convert(tmp_path, identity="b", shape=(1, 4)) == CONVERTED
    versions["onnxsim"] = "2.1"
    assert convert(tmp_path, identity="b", shape=(1, 4)) == CONVERTED
    left = sorted(path.suffix for path in (tmp_path / ".kept/conversions").iterdir())
    assert left == [".json", ".tflite"], "only the last one is kept"


def test_what_is_damaged_is_not_taken(tmp_path: Path) -> None:
    convert(tmp_path)
    file = tmp_path / ".kept/conversions" / f"{hashlib.sha256(FLATBUFFER).hexdigest()}.tflite"
    file.write_bytes(FLATBUFFER[:-1] + b"?")
    assert convert(tmp_path) == CONVERTED
    (record,) = file.parent.glob("*.json")
    record.write_text("{}")
    assert convert(tmp_path) == CONVERTED
    assert convert(tmp_path) == ["recall", *COMPARED]


def test_where_nothing_can_be_kept_it_is_converted_each_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (None, tmp_path / "file", None, tmp_path / "file"):
        assert convert(folder) == CONVERTED
