"""Is the float model any good? Stories of models that are not, or only look so, through `quantci pipeline`.

The network is worked out by hand: it divides by 255 inside, takes the mean colour, and names the nearest of four.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.integration.command import Command, Done
from tests.integration.pictures import report_of
from tests.known import known
from tests.models import Op, Tensor, build_model

from quantci.records.report import Report

COLOURS = {"blue": (40, 40, 220), "green": (40, 200, 40), "red": (220, 40, 40), "white": (220, 220, 220)}
CONFIG = """
output_dir = "out"
[model]
source = "colours.tflite"
[task]
labels = {labels}
[input]
{input}
[calibration]
data = "calibration"
[evaluation]
data = "evaluation"
"""


def colours(sharpness: float, *, takes_bytes: bool = False) -> bytes:
    """|x - c|^2 is smallest where 2 c x - |c|^2 is largest; `sharpness` makes the softmax surer of it."""
    centres = np.array(list(COLOURS.values()), np.float32) / 255
    tensors = [
        Tensor("x", [1, 8, 8, 3]),
        Tensor("255th", data=np.array([1 / 255], np.float32)),
        Tensor("scaled", [1, 8, 8, 3]),
        Tensor("axes", data=np.array([1, 2], np.int32)),
        Tensor("mean", [1, 3]),
        Tensor("weights", data=2 * sharpness * centres),
        Tensor("bias", data=-sharpness * (centres**2).sum(axis=1)),
        Tensor("sums", [1, 4]),
        Tensor("softmax", [1, 4]),
    ]
    ops = [
        Op("MUL", ["x", "255th"], ["scaled"]),
        Op("MEAN", ["scaled", "axes"], ["mean"]),
        Op("FULLY_CONNECTED", ["mean", "weights", "bias"], ["sums"]),
        Op("SOFTMAX", ["sums"], ["softmax"], {"beta": 1.0}),
    ]
    if takes_bytes:
        tensors[:1] = [Tensor("x", [1, 8, 8, 3], "uint8"), Tensor("cast", [1, 8, 8, 3])]
        ops[:1] = [Op("CAST", ["x"], ["cast"]), Op("MUL", ["cast", "255th"], ["scaled"])]
    return build_model(tensors, ops, ["x"], ["softmax"])


def write_pictures(folder: Path, count: int, seed: int, brightness: float = 1.0) -> None:
    random = np.random.RandomState(seed)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for index in range(count):
            shade = np.array(colour) + random.uniform(-35, 35, 3)
            pixels = brightness * (shade + random.uniform(-30, 30, (8, 8, 3)))
            picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
            picture.save(folder / name / f"{index:03}.png")


def configure(project: Path, labels: Sequence[str] = tuple(COLOURS), reading: str = 'preprocess = "in-model"') -> None:
    (project / "quantci.toml").write_text(CONFIG.format(labels=json.dumps(labels), input=reading))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "colours.tflite").write_bytes(colours(20))
    write_pictures(tmp_path / "calibration", 50, 1)
    write_pictures(tmp_path / "evaluation", 40, 2)
    configure(tmp_path)
    return tmp_path


def judged(quantci: Command, project: Path) -> tuple[Report, list[str], Done]:
    """The report, the code words of its doubts, and what was printed."""
    done = quantci("pipeline", cwd=project)
    report = report_of(project)
    assert report.evaluate is not None, done.err
    return report, [doubt.code for doubt in report.evaluate.reference], done


def test_a_model_that_is_fed_as_it_was_trained_raises_no_doubt(quantci: Command, project: Path) -> None:
    report, doubts, done = judged(quantci, project)
    assert (done.code, report.verdict, doubts) == (0, "pass", [])


def test_a_model_that_takes_bytes_is_the_one_that_takes_floats(quantci: Command, project: Path) -> None:
    floats, _, _ = judged(quantci, project)
    (project / "colours.tflite").write_bytes(colours(20, takes_bytes=True))
    report, doubts, done = judged(quantci, project)
    assert (done.code, report.verdict, doubts) == (0, "pass", [])
    assert report.quantize is not None
    assert floats.quantize is not None
    assert report.quantize.quantized_model.sha256 == floats.quantize.quantized_model.sha256
    assert known(report.quantize.source).sha256 != known(floats.quantize.source).sha256


def test_a_picture_that_is_normalised_twice_is_never_a_pass(quantci: Command, project: Path) -> None:
    """What `init` once wrote: the division by 255 is inside of the model already."""
    configure(project, reading="mean = [0]\nstd = [255]")
    report, doubts, done = judged(quantci, project)
    assert report.evaluate is not None
    assert report.evaluate.headline(0) == 0.25
    assert (report.verdict, doubts) == ("inconclusive", ["constant-answer", "constant-input"])
    first, reason, *_ = [line for line in done.out.splitlines() if line]
    assert "inconclusive" in first
    assert reason.startswith("The float model gives one answer to all 160 samples, ")
    assert "What reaches the first layer (mean) is nearly constant, from " in "".join(done.out.split("| Metric")[0])
    printed = quantci("evaluate", cwd=project)
    assert "doubt: The float model gives one answer to all 160 samples, " in printed.err


def test_labels_in_another_order_are_put_right_by_the_line_that_is_named(quantci: Command, project: Path) -> None:
    configure(project, ["red", "green", "blue", "white"])
    report, doubts, done = judged(quantci, project)
    assert (report.verdict, doubts) == ("inconclusive", ["permuted-labels"])
    assert 'Set in `[input]`: `color = "bgr"`. Do this or change the labels, not both.' in done.out
    line = re.search(r"labels = (\[.*?\])", report.verdict_reason)
    assert line is not None
    assert json.loads(line[1]) == ["blue", "green", "red", "white"]
    configure(project, json.loads(line[1]))
    report, doubts, _ = judged(quantci, project)
    assert (report.verdict, doubts) == ("pass", [])


def test_a_very_sure_model_is_not_said_to_be_untrained(quantci: Command, project: Path) -> None:
    """Its output is exactly 1 for each of the first pictures, which are all blue."""
    (project / "colours.tflite").write_bytes(colours(20_000))
    report, doubts, _ = judged(quantci, project)
    assert report.quantize is not None
    assert report.evaluate is not None
    assert report.evaluate.headline(0) > 0.99
    assert doubts == []
    assert "degenerate" not in {advice.code for advice in report.quantize.advice}


@pytest.mark.parametrize("sharpness", [0.0, 1e-20, 1e-35])
def test_a_dead_model_still_gets_its_size_arena_and_latency(quantci: Command, project: Path, sharpness: float) -> None:
    """Those of the model that lives: what differs is its weights."""
    alive, _, _ = judged(quantci, project)
    (project / "colours.tflite").write_bytes(colours(sharpness))
    report, doubts, done = judged(quantci, project)
    assert (done.code, report.verdict, doubts) == (0, "inconclusive", ["constant-answer"])
    assert report.quantize is not None
    assert [(doubt.code, doubt.forbids_pass) for doubt in report.quantize.reference] == [("dead-activation", True)]
    assert "(1): sums, so its output does not depend on its input" in (project / "out" / "report.md").read_text()
    figures = []
    for found in (alive, report):
        assert found.quantize is not None
        assert found.embed is not None
        assert found.embed.arena is not None
        assert found.embed.latency is not None
        figures.append((found.quantize.quantized_model.file_bytes, found.embed.arena, found.embed.latency))
    assert figures[0] == figures[1]


def test_a_calibration_on_dark_pictures_is_named_as_what_clips(quantci: Command, project: Path) -> None:
    for folder in (project / "calibration").iterdir():
        for file in folder.iterdir():
            Image.fromarray((np.asarray(Image.open(file)) * 0.3).astype(np.uint8)).save(file)
    report, doubts, done = judged(quantci, project)
    assert report.evaluate is not None
    (doubt,) = report.evaluate.reference
    assert (doubts, doubt.forbids_pass) == (["clipped-input"], False)
    assert re.search(r"^[1-9][0-9.]+ % of the values of the evaluation set are clipped", doubt.text)
    assert doubt.text in report.verdict_reason or "are clipped at the quantized model's input" in done.out


def test_shards_raise_the_same_doubts(quantci: Command, project: Path) -> None:
    configure(project, reading="mean = [0]\nstd = [255]")
    report, _, _ = judged(quantci, project)
    for shard in ("1/3", "2/3", "3/3"):
        assert quantci("evaluate", "--shard", shard, cwd=project).code == 0
    assert quantci("merge", cwd=project).code == 0
    assert quantci("report", cwd=project).code == 0
    again = report_of(project)
    assert report.evaluate is not None
    assert again.evaluate is not None
    assert again.evaluate.reference == report.evaluate.reference
