"""Bad input: one message, its exit code, no traceback, no half-written file, and a report with its status."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from tests.integration.command import Command, Done
from tests.integration.pictures import LABELS, report_of
from tests.models import float_model_of_words, float_model_with_custom_op

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"


def with_own_data(project: Path, images: Path) -> Path:
    """The project with a copy of the pictures that a test may break."""
    shutil.copytree(images, project / "data")
    text = (project / "quantci.toml").read_text()
    for name in ("calibration", "validation"):
        text = text.replace(json.dumps(str(images / name)), json.dumps(f"data/{name}"))
    (project / "quantci.toml").write_text(text)
    return project / "data"


def fails(quantci: Command, project: Path, code: str, *arguments: object, status: str, exit_code: int = 2) -> Done:
    """Run the pipeline; everything that each fault must show is checked here."""
    done = quantci("pipeline", *arguments, cwd=project)
    assert f"[{code}]" in done.err, done.err
    assert done.code == exit_code
    assert len([line for line in done.err.splitlines() if line.startswith("quantci: ")]) == 1, done.err
    report = report_of(project)
    assert report.status == status
    assert report.failure is not None
    assert report.failure.code == code
    assert report.failure.remedy
    assert report.verdict != "pass"
    assert code in (project / "out" / "report.md").read_text()
    assert not [path.name for path in (project / "out").iterdir() if path.name.startswith(".")]
    return done


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("m.tflite", None, "not-found"),
        ("m.tflite", b"", "empty"),
        ("m.keras", LFS, "git-lfs-pointer"),
        ("m.tflite", b"<!DOCTYPE html><html><body>Sign in</body></html>", "html-page"),
        ("m.tflite", b"PK\x03\x04" + b"\0" * 60, "wrong-format"),
        ("m.pt", b"\x80\x02}q\x00.", "format-not-accepted"),
        ("m.tflite", b"\x1c\0\0\0TFL3" + b"\xff" * 200, "malformed"),
        ("m.tflite", b"just some text, longer than a header", "malformed"),
    ],
)
def test_a_model_that_is_none(quantci: Command, project: Path, name: str, content: bytes | None, code: str) -> None:
    if content is not None:
        (project / name).write_bytes(content)
    fails(quantci, project, code, "--model-source", name, status="model_rejected")
    assert not list((project / "out").glob("*.tflite"))


def test_a_truncated_model(quantci: Command, project: Path, model: Path) -> None:
    (project / "cut.tflite").write_bytes(model.read_bytes()[:3000])
    fails(quantci, project, "malformed", "--model-source", "cut.tflite", status="model_rejected")


def test_nan_in_the_weights_names_the_tensor(quantci: Command, project: Path, model: Path) -> None:
    data = bytearray(model.read_bytes())
    weights = np.frombuffer(bytes(data), dtype=np.uint8)
    from quantci.tflite.flatbuffer import parse

    largest = max((buffer.data for buffer in parse(bytes(data), "").buffers if buffer.data is not None), key=len)
    at = weights.tobytes().index(np.asarray(largest, dtype=np.uint8).tobytes())
    data[at : at + 4] = np.float32(np.nan).tobytes()
    (project / "nan.tflite").write_bytes(data)
    fails(quantci, project, "nan-weights", "--model-source", "nan.tflite", status="model_rejected")


def test_a_quantized_model_as_the_source(quantci: Command, project: Path) -> None:
    assert quantci("quantize", cwd=project).code == 0
    shutil.copy(project / "out" / "model_quant.tflite", project / "q.tflite")
    fails(quantci, project, "already-quantized", "--model-source", "q.tflite", status="model_rejected")


def test_no_images(quantci: Command, project: Path) -> None:
    (project / "empty").mkdir()
    fails(quantci, project, "no-samples", "--calibration-data", "empty", status="data_rejected")
    fails(quantci, project, "not-found", "--calibration-data", "nowhere", status="data_rejected")


def test_corrupt_images_are_skipped_below_one_percent(quantci: Command, project: Path, images: Path) -> None:
    data = with_own_data(project, images)
    (data / "validation" / "dark" / "000.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    done = quantci("pipeline", cwd=project)
    assert done.code == 0, done.err
    evaluated = report_of(project).evaluate
    assert evaluated is not None
    assert [file.path for file in evaluated.dataset.skipped] == ["dark/000.png"]
    for index in range(1, 4):
        (data / "validation" / "dark" / f"00{index}.png").write_bytes(b"")
    fails(quantci, project, "unreadable-image", status="data_rejected")


def test_a_class_without_samples(quantci: Command, project: Path, images: Path) -> None:
    data = with_own_data(project, images)
    shutil.rmtree(data / "validation" / "bright")
    fails(quantci, project, "empty-class", status="data_rejected")


def test_labels_that_do_not_match_the_outputs(quantci: Command, project: Path, images: Path) -> None:
    data = with_own_data(project, images)
    for name in ("calibration", "validation"):
        (data / name / "fourth").mkdir()
        Image.new("RGB", (16, 16), (1, 2, 3) if name == "validation" else (3, 2, 1)).save(
            data / name / "fourth" / "x.png"
        )
    labels = ",".join([*LABELS, "fourth"])
    fails(quantci, project, "label-mismatch", "--task-labels", labels, status="data_rejected")
    fails(quantci, project, "label-mismatch", status="data_rejected")  # a folder that no label names


def test_calibration_that_overlaps_evaluation(quantci: Command, project: Path, images: Path) -> None:
    data = with_own_data(project, images)
    leaked = data / "calibration" / "dark" / "000.png"
    shutil.copy(leaked, data / "validation" / "dark" / "copy.png")
    done = fails(quantci, project, "leak", status="data_rejected")
    assert "copy.png" in done.err
    reason = "The set was published so, and others are judged on it."
    done = quantci("pipeline", "--evaluation-leak-accepted", reason, cwd=project)
    assert (done.code, report_of(project).verdict) == (0, "pass")
    assert "copy.png" in (told := (project / "out" / "report.md").read_text())
    assert reason in told

    # The same pixels in a file of another size and under another name cost the pass, and nothing that was computed.
    (data / "validation" / "dark" / "copy.png").unlink()
    note = PngInfo()
    note.add_text("comment", "x" * 10_000)
    Image.open(leaked).save(data / "validation" / "dark" / "new.png", pnginfo=note)
    assert quantci("pipeline", cwd=project).code == 0
    report = report_of(project)
    assert report.evaluate is not None
    assert [doubt.code for doubt in report.evaluate.reference] == ["leak"]
    assert report.embed is not None
    assert (report.verdict, "new.png" in report.verdict_reason) == ("inconclusive", True)


def test_few_calibration_samples_are_a_warning(quantci: Command, project: Path) -> None:
    assert quantci("pipeline", "--calibration-samples", 20, cwd=project).code == 0
    quantized = report_of(project).quantize
    assert quantized is not None
    assert [advice.code for advice in quantized.advice] == ["few-samples"]
    assert "20 samples" in (project / "out" / "report.md").read_text()


@pytest.mark.parametrize("given", ["file", "option", "variable"])
def test_a_wrong_configuration_still_leaves_a_report(
    quantci: Command, project: Path, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    text = (project / "quantci.toml").read_text().replace("[task]", "[tusk]")
    if given != "file":
        text = text.replace('output_dir = "out"', 'output_dir = "elsewhere"')
    if given == "variable":
        monkeypatch.setenv("QUANTCI_OUTPUT_DIR", "out")
    (project / "quantci.toml").write_text(text)
    options = ("--output-dir", "out") if given == "option" else ()
    fails(quantci, project, "config-key", *options, status="config_rejected")
    assert {path.name for path in project.iterdir()} == {"quantci.toml", "out"}
    (project / "out" / "report.json").unlink()
    assert quantci("report", *options, cwd=project).code == 2
    assert report_of(project).status == "config_rejected"


def test_the_report_of_a_wrong_configuration_lies_beside_that(quantci: Command, project: Path) -> None:
    (project / "ci").mkdir()
    text = (project / "quantci.toml").read_text().replace("[task]", "[tusk]")
    (project / "ci" / "quantci.toml").write_text(text)
    done = quantci("pipeline", "--config", "ci/quantci.toml", cwd=project)
    assert done.code == 2
    assert report_of(project / "ci").status == "config_rejected"
    assert not (project / "out").exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [('output_dir = "out"\n[model\n', "config-syntax"), ('output_dir = "out"\n[model]\nsource = 3\n', "config-value")],
    ids=["syntax", "type"],
)
def test_configurations_that_cannot_be_understood(quantci: Command, project: Path, text: str, code: str) -> None:
    (project / "quantci.toml").write_text(text)
    options = ("--output-dir", "out") if code == "config-syntax" else ()
    fails(quantci, project, code, *options, status="config_rejected")


def test_a_configuration_that_is_a_folder_or_is_not_there(quantci: Command, project: Path) -> None:
    (project / "folder.toml").mkdir()
    out = ("--output-dir", "out")
    fails(quantci, project, "config-unreadable", "--config", "folder.toml", *out, status="config_rejected")
    fails(quantci, project, "config-not-found", "--config", "gone.toml", *out, status="config_rejected")
    for name in ("folder.toml", "gone.toml"):
        for stage in ("pipeline", "quantize", "report"):
            done = quantci(stage, "--config", name, cwd=project)
            assert done.code == 2
            assert len([line for line in done.err.splitlines() if line.startswith("quantci: ")]) == 1, done.err


def test_a_float_model_that_takes_words(quantci: Command, project: Path) -> None:
    (project / "words.tflite").write_bytes(float_model_of_words())
    done = fails(quantci, project, "input-type", "--model-source", "words.tflite", status="model_rejected")
    assert "int32" in done.err
    assert not list((project / "out").glob("*.tflite"))


def test_a_float_model_with_a_custom_op(quantci: Command, project: Path) -> None:
    (project / "custom.tflite").write_bytes(float_model_with_custom_op())
    done = quantci("pipeline", "--model-source", "custom.tflite", cwd=project)
    lines = [line for line in done.err.splitlines() if line.startswith("quantci: ")]
    assert len(lines) == 1, done.err
    assert "TheirOwnOp" in lines[0]
    report = report_of(project)
    assert (done.code, report.status) == (2, "model_rejected")
    assert report.failure is not None
    assert report.failure.code in {"custom-op", "unquantizable-op"}


RECORDS = ("quantize.json", "evaluate.json", "embed.json")


@pytest.mark.parametrize("name", [*RECORDS, "report.json", "report.md", "predictions.npz", "model_quant.tflite"])
def test_a_folder_where_a_file_belongs(quantci: Command, project: Path, name: str) -> None:
    (project / "out" / name).mkdir(parents=True)
    done = quantci("pipeline", cwd=project)
    assert done.code == 4, done.err
    lines = [line for line in done.err.splitlines() if line.startswith("quantci: ")]
    assert len(lines) == 1, done.err
    assert name in lines[0]
    assert lines[0].endswith(("[unwritable]", "[unreadable]"))
    if name not in {"report.json", "report.md"}:
        report = report_of(project)
        assert (report.status, report.verdict) == ("tool_error", "inconclusive")
    assert (project / "out" / name).is_dir(), "it is not ours to remove"


def test_a_folder_where_a_later_stage_reads_a_file(quantci: Command, project: Path) -> None:
    for name, stage in (
        ("quantize.json", "evaluate"),
        ("quantize.json", "embed"),
        ("quantize.json", "report"),
        ("evaluate.json", "report"),
        ("embed.json", "report"),
    ):
        shutil.rmtree(project / "out", ignore_errors=True)
        (project / "out" / name).mkdir(parents=True)
        done = quantci(stage, cwd=project)
        assert done.code in {2, 4}, (name, stage, done.err)
        lines = [line for line in done.err.splitlines() if line.startswith("quantci: ")]
        assert len(lines) == 1, (name, stage, done.err)
        assert name in lines[0]
        if stage == "report":
            assert report_of(project).status == "tool_error"


def test_a_model_that_is_a_folder(quantci: Command, project: Path) -> None:
    (project / "m.tflite").mkdir()
    fails(quantci, project, "wrong-format", "--model-source", "m.tflite", status="model_rejected")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder(quantci: Command, project: Path) -> None:
    (project / "out").mkdir(mode=0o500)
    done = quantci("pipeline", cwd=project)
    assert (done.code, "[unwritable]" in done.err) == (4, True)


def test_an_output_folder_that_is_a_file(quantci: Command, project: Path) -> None:
    (project / "file").write_text("mine")
    for stage in ("pipeline", "quantize"):
        done = quantci(stage, "--output-dir", "file", cwd=project)
        assert done.code == 4
        assert "[unwritable]" in done.err
    assert (project / "file").read_text() == "mine"


def test_a_metric_that_fails_names_itself(quantci: Command, project: Path) -> None:
    (project / "bad.py").write_text("def broken(p, y):\n    raise ValueError('no')\n")
    fails(quantci, project, "metric", "--task-metrics", "bad:broken", status="config_rejected")
    fails(quantci, project, "metric", "--task-metrics", "nowhere:f", status="config_rejected")
