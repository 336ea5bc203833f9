"""The file of measurements: what it may say, and how a mistake in it is told."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantci.errors import ConfigError
from quantci.latency_fit.figures import read_figures
from quantci.records.board_figures import ModelFigures

GOOD = """\
chip = "esp32s3-n8r8"
clock_hz = 240_000_000
kernels = "esp-nn"
memory = "internal"

[board]
name = "ESP32-S3-DevKitC-1-N8R8"
device_id = "A2:43:DC"
build_fingerprint = ""

[[model]]
file = "kws.tflite"
latency_us = 22_900
profile = "kws.csv"

[[model]]
file = "person.tflite"
cycles = 12_960_000
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "devkit.toml"
    path.write_text(text)
    return path


def test_a_good_file(tmp_path: Path) -> None:
    figures = read_figures(written(tmp_path, GOOD))
    assert figures.model == [
        ModelFigures(file="kws.tflite", latency_us=22_900.0, profile="kws.csv"),
        ModelFigures(file="person.tflite", cycles=12_960_000.0),
    ]
    assert (figures.board.name, figures.ticks_per_second) == ("ESP32-S3-DevKitC-1-N8R8", 1_000_000)


@pytest.mark.parametrize(
    ("old", "new", "key", "cause"),
    [
        pytest.param("clock_hz = 240_000_000\n", "", "clock_hz", "This key is missing", id="missing"),
        pytest.param('file = "kws.tflite"\n', "", "model[0].file", "This key is missing", id="missing in a model"),
        pytest.param(
            'device_id = "A2:43:DC"\n', "", "board.device_id", "This key is missing", id="missing in the board"
        ),
        pytest.param("latency_us", "latency_ms", "model[0].latency_ms", "no such key", id="unknown"),
        pytest.param("22_900", '"22 ms"', "model[0].latency_us", "Expected `float", id="text"),
        pytest.param("22_900", "0", "model[0].latency_us", "> 0", id="zero"),
        pytest.param("22_900", "-5", "model[0].latency_us", "> 0", id="negative"),
        pytest.param("22_900", "inf", "model[0].latency_us", "<= 1", id="infinite"),
        pytest.param("22_900", "nan", "model[0].latency_us", "> 0", id="nan"),
        pytest.param("240_000_000", "240", "clock_hz", ">= 1000000", id="megahertz"),
        pytest.param('"internal"', '"flash"', "memory", "Invalid enum value 'flash'", id="memory"),
        pytest.param('"esp-nn"', '"cmsis"', "kernels", "Invalid enum value 'cmsis'", id="kernels"),
        pytest.param("cycles =", "latency_us = 5\ncycles =", "model[1]", "Exactly one of", id="both"),
        pytest.param("cycles = 12_960_000\n", "", "model[1]", "Exactly one of", id="neither"),
        pytest.param("esp32s3-n8r8", "esp32c3", "chip", "cannot be estimated", id="another chip"),
        pytest.param("esp32s3-n8r8", "esp32p4", "chip", "cannot be estimated", id="other vector kernels"),
    ],
)
def test_a_mistake_names_its_key(tmp_path: Path, old: str, new: str, key: str, cause: str) -> None:
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError, match=re.escape(cause)) as raised:
        read_figures(path)
    assert (raised.value.code, raised.value.where) == ("measurements", f"{path}: {key}")
    assert raised.value.remedy


def test_the_remedy_is_what_the_key_means(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        read_figures(written(tmp_path, GOOD.replace('memory = "internal"\n', "")))
    assert raised.value.remedy == "Where the tensor arena lay. See the example in docs/latency.md."


def test_no_such_chip(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no chip 'esp9'") as raised:
        read_figures(written(tmp_path, GOOD.replace("esp32s3-n8r8", "esp9")))
    assert (raised.value.code, raised.value.where) == ("config-value", f"{tmp_path / 'devkit.toml'}: chip")


def test_no_file_and_no_regular_file(tmp_path: Path) -> None:
    (tmp_path / "large.toml").write_text("#" * (1 << 21))
    if hasattr(os, "mkfifo"):  # not on Windows
        os.mkfifo(tmp_path / "pipe")
    for name in (".", "large.toml", *(["pipe"] if hasattr(os, "mkfifo") else [])):
        with pytest.raises(ConfigError, match="not a file of measurements"):
            read_figures(tmp_path / name)
    with pytest.raises(ConfigError, match="There is no such file"):
        read_figures(tmp_path / "absent.toml")


@given(st.binary(max_size=200) | st.integers(0, len(GOOD)).map(lambda end: GOOD[:end].encode()))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("figures") / "any.toml"
    path.write_bytes(data)
    with contextlib.suppress(ConfigError):
        read_figures(path)


@pytest.mark.parametrize("text", ["a" + ".a" * 30_000 + "=1", "a=" + "9" * 5_000], ids=["dots", "digits"])
def test_what_pythons_reader_takes_too_long_for_or_refuses_otherwise(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_figures(written(tmp_path, text))
    assert caught.value.code == "measurements"
