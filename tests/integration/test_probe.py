"""Which preprocessing a model was trained with is found by trying: a network worked out by hand, fed the wrong way."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.integration import make_camera
from tests.integration.command import Command
from tests.integration.pictures import report_of
from tests.integration.test_reference import COLOURS, colours, configure, write_pictures


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A model that takes raw RGB, and its sets."""
    (tmp_path / "colours.tflite").write_bytes(colours(20))
    write_pictures(tmp_path / "calibration", 50, 1)
    write_pictures(tmp_path / "evaluation", 40, 2)
    configure(tmp_path)
    return tmp_path


def swap_colours(folder: Path) -> None:
    """What a model trained with cv2.imread meets: to it, these files' red is blue."""
    for path in folder.rglob("*.png"):
        Image.fromarray(np.asarray(Image.open(path))[:, :, ::-1]).save(path)


def test_nothing_is_better_than_what_is_right(quantci: Command, project: Path) -> None:
    before = (project / "quantci.toml").read_bytes()
    done = quantci("probe", "--write", cwd=project)
    assert done.code == 0, done.err
    assert "None is better beyond doubt than what quantci.toml says." in done.out
    assert done.out.splitlines()[1].split()[:3] == ["as", "configured", "100.0%"]
    assert (project / "quantci.toml").read_bytes() == before


def test_bgr_is_named_written_and_right(quantci: Command, project: Path) -> None:
    for name in ("calibration", "evaluation"):
        swap_colours(project / name)
    done = quantci("probe", "--write", cwd=project)
    assert done.code == 0, done.err
    assert 'with "raw 0..255, BGR"' in done.out
    assert done.out.rstrip().endswith("wrote quantci.toml")
    text = (project / "quantci.toml").read_text()
    assert 'color = "bgr"' in text
    assert 'preprocess = "in-model"' in text
    again = quantci("probe", cwd=project)
    assert "None is better beyond doubt" in again.out
    assert quantci("pipeline", cwd=project).code == 0
    assert report_of(project).verdict == "pass"


def test_normalising_twice_is_named_by_the_pipeline_itself(quantci: Command, project: Path) -> None:
    configure(project, reading="std = [25500.0]")
    done = quantci("pipeline", cwd=project)
    report = report_of(project)
    assert report.verdict == "inconclusive", done.err
    assert report.evaluate is not None
    (advice,) = [advice for advice in report.evaluate.advice if advice.code == "preprocessing"]
    assert advice.text.startswith("FP32 finds the class of 100 of 100 samples ")
    opening, _, rest = done.out.partition("| Metric")
    assert 'Set in `[input]`: `preprocess = "in-model"`.' in opening
    assert "FP32 finds the class of" not in rest


def test_a_resizing_without_antialias_is_told_from_one_with(quantci: Command, project: Path) -> None:
    """Every second column is the class's colour, the others are its opposite: their mean is grey, to any class."""
    random = np.random.RandomState(3)
    for folder in (project / "calibration", project / "evaluation"):
        for path in folder.rglob("*.png"):
            colour = np.array(COLOURS[path.parent.name]) + random.uniform(-20, 20, 3)
            pixels = np.empty((16, 16, 3))
            pixels[:, 1::2], pixels[:, ::2] = colour, 255 - colour
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    done = quantci("probe", cwd=project)
    assert done.code == 0, done.err
    assert 'with "as configured; Pillow, nearest, stretched"' in done.out
    assert '\n[input]\nresize = "nearest"\n' in done.out
    assert "tf.image, nearest, stretched" in done.out  # as good, and changes one key more
    assert "wrote" not in done.out


def test_another_task_and_a_set_without_labels_are_one_message(quantci: Command, project: Path) -> None:
    done = quantci("probe", "--task-kind", "regression", cwd=project)
    assert done.code == 2
    assert done.err.rstrip().endswith("[probe-task]")
    done = quantci("probe", "--evaluation-data", "nowhere", cwd=project)
    assert done.code == 2
    assert [line[-11:] for line in done.err.splitlines() if line.startswith("quantci: ")] == ["[not-found]"]


@pytest.fixture(scope="module")
def camera(quantci: Command, needs_tensorflow: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that Keras trained on BGR, without antialias, with its own division by 255, and what `init` writes."""
    folder = tmp_path_factory.mktemp("camera")
    subprocess.run([sys.executable, make_camera.__file__, folder], check=True, capture_output=True, timeout=600)
    assert quantci("init", "camera.tflite", "--evaluation-data", "evaluation", cwd=folder).code == 0
    config = folder / "quantci.toml"
    text = config.read_text().replace("data/calibration", "calibration")
    labels = f"labels = {json.dumps(make_camera.NAMES)}"
    config.write_text('output_dir = "out"\n' + re.sub(r"^labels = .*$", labels, text, flags=re.MULTILINE))
    return folder


@pytest.mark.slow
def test_what_a_camera_gave_the_training_is_found_at_once(quantci: Command, camera: Path) -> None:
    """Three keys are wrong: nothing is right by chance but a quarter, and two right ones of three do not help."""
    done = quantci("pipeline", cwd=camera)
    report = report_of(camera)
    assert (done.code, report.verdict) == (0, "inconclusive")
    opening = done.out.partition("| Metric")[0]
    assert 'with "raw 0..255, BGR; `tf.image`, stretched", and of 25 as it is configured.' in opening
    done = quantci("probe", "--write", cwd=camera)
    assert done.code == 0, done.err
    assert re.search(r"^raw 0\.\.255, BGR; tf\.image, stretched +100\.0%", done.out, re.MULTILINE)
    assert re.search(r"^raw 0\.\.255, BGR +50\.0%", done.out, re.MULTILINE)
    assert re.search(r"^as configured +25\.0%", done.out, re.MULTILINE)
    lines = '[input]\ncolor = "bgr"\nresize_library = "tensorflow"\npreprocess = "in-model"\n'
    assert f"and of 25 as it is configured. In quantci.toml:\n\n{lines}" in done.out
    assert quantci("pipeline", cwd=camera).code == 0
    assert report_of(camera).verdict == "pass"
