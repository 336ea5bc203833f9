"""One pipeline reads, hashes and verifies each of its models once, however many stages ask for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.known import known

from quantci.records.base import read
from quantci.records.quantize import QuantizeRecord

COUNT_LOOKS = Path(__file__).with_name("count_looks.py")


def looks(project: Path, *arguments: str) -> dict[str, dict[str, int]]:
    command = [sys.executable, str(COUNT_LOOKS), *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, int]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_pipeline_looks_at_each_model_once(project: Path) -> None:
    found = looks(project, "pipeline")
    assert set(found["read"]) == {"model.tflite"}, "the source alone: what quantize made is handed on"
    result = read(project / "out" / "quantize.json", QuantizeRecord).result
    assert result is not None
    assert result.strip is not None
    sizes = {
        str(size)
        for size in (known(result.float_model).file_bytes, result.strip.bytes_before, result.strip.bytes_after)
    }
    assert found["hashed"] == found["verified"] == dict.fromkeys(sizes, 1)


def test_a_stage_of_its_own_reads_both_models_once(project: Path) -> None:
    looks(project, "quantize")
    assert looks(project, "evaluate")["read"] == {"model_float.tflite": 1, "model_quant.tflite": 1}
    for command in ("evaluate", "diagnose", "embed"):
        found = looks(project, command)
        assert set(found["read"].values()) == set(found["hashed"].values()) == set(found["verified"].values()) == {1}
