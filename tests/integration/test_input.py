"""Sets as people have them, and pictures as trainings take them: all the way through the command that a user types."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.integration.command import Command
from tests.integration.pictures import LABELS, draw, report_of
from tests.integration.test_tasks import dense, predictions, values
from tests.models import Op, Tensor, build_model

from quantci.data.fit import Fit
from quantci.data.resize_tensorflow import resize_tensorflow
from quantci.records.base import decode
from quantci.records.evaluate import EvaluateRecord
from quantci.records.input_config import InputConfig

CONFIG = """
output_dir = "out"
[model]
source = "dense.tflite"
[task]
kind = "{kind}"
labels = {labels}
[input]
mean = [0, 1, 2, 3]
std = [1, 2, 2, 4]
[calibration]
data = "{calibration}"
[evaluation]
data = "{evaluation}"
"""


def draw_values(count: int, seed: int) -> tuple[Any, Any]:
    """Values around the means of the configuration, and which of the two sums of the network is larger."""
    random = np.random.RandomState(seed)
    x = random.uniform(-1, 1, (count, 4)).astype(np.float32)
    sums = x @ np.array([[1, -2, 0.5, 0], [0, 1, 1, -1]]).T + [0.5, -1] + 0.3 * random.randn(count, 2)
    return (x * [1, 2, 2, 4] + [0, 1, 2, 3]).astype(np.float32), sums


def write_project(folder: Path, calibration: str, evaluation: str, kind: str = "classification") -> None:
    (folder / "dense.tflite").write_bytes(dense(sigmoid=kind == "multi-label"))
    labels = json.dumps(["left", "right"])
    (folder / "quantci.toml").write_text(
        CONFIG.format(kind=kind, labels=labels, calibration=calibration, evaluation=evaluation)
    )


def write_folders(root: Path, x: Any, y: Any) -> None:
    """A .npy for each sample, which is what could be read before all others."""
    for index, (row, label) in enumerate(zip(x, y, strict=True)):
        folder = root / ("left", "right")[label]
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / f"{index:04}.npy", row)


def write_csv(path: Path, x: Any, labels: list[str]) -> None:
    lines = [",".join([label, *(repr(float(value)) for value in row)]) for row, label in zip(x, labels, strict=True)]
    path.write_text("\n".join(["label,ax,ay,az,t", *lines]) + "\n")


@pytest.fixture(scope="module")
def truth() -> dict[str, tuple[Any, Any]]:
    """X and y of both sets."""
    made = {}
    for name, count, seed in (("calibration", 80, 1), ("evaluation", 240, 2)):
        x, sums = draw_values(count, seed)
        made[name] = x, sums.argmax(1)
    return made


@pytest.fixture(scope="module")
def expected(quantci: Command, truth: dict[str, tuple[Any, Any]], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The evaluation of a file for each sample."""
    folder = tmp_path_factory.mktemp("folders")
    write_project(folder, "calibration", "evaluation")
    for name, (x, y) in truth.items():
        write_folders(folder / name, x, y)
    done = quantci("pipeline", cwd=folder)
    assert done.code == 0, done.err
    result = report_of(folder).evaluate
    assert result is not None
    x, y = truth["evaluation"]
    right = (values(predictions(folder), "float").argmax(1) == predictions(folder)["label"]).mean()
    assert result.headline(0) == right
    # By hand: what the network's sums are for the normalised values.
    sums = (x - [0, 1, 2, 3]) / [1, 2, 2, 4] @ np.array([[1, -2, 0.5, 0], [0, 1, 1, -1]]).T + [0.5, -1]
    assert right == (sums.argmax(1) == y).mean()
    assert 0.8 < right < 0.99
    return result


@pytest.mark.parametrize("kind", ["csv", "npy", "npz", "compressed", "fortran"])
def test_every_form_of_a_set_gives_the_same_numbers(
    quantci: Command, tmp_path: Path, truth: dict[str, tuple[Any, Any]], expected: Any, kind: str
) -> None:
    for name, (x, y) in truth.items():
        (tmp_path / name).mkdir()
        if kind == "csv":
            write_csv(tmp_path / f"{name}.csv", x, [("left", "right")[label] for label in y])
        elif kind in {"npy", "fortran"}:
            np.save(tmp_path / name / "X.npy", np.asarray(x, order="F" if kind == "fortran" else "C"))
            np.save(tmp_path / name / "y.npy", y)
        else:
            (np.savez if kind == "npz" else np.savez_compressed)(tmp_path / f"{name}.npz", X=x, y=y)
    ending = {"csv": ".csv", "npz": ".npz", "compressed": ".npz"}.get(kind, "")
    write_project(tmp_path, f"calibration{ending}", f"evaluation{ending}")
    done = quantci("pipeline", cwd=tmp_path)
    assert done.code == 0, done.err
    result = report_of(tmp_path).evaluate
    assert result is not None
    assert [step.metrics for step in result.steps] == [step.metrics for step in expected.steps]
    assert result.dataset.used == 240
    assert result.dataset.per_class == expected.dataset.per_class
    header = (tmp_path / "out/component/quantci_model/include/quantci_model/model.h").read_text()
    assert "kInputMean[] = {\n    0.0f, 1.0f, 2.0f, 3.0f};" in header
    assert "kInputHeight" not in header


def test_shards_of_a_csv_merge_to_the_whole(
    quantci: Command, tmp_path: Path, truth: dict[str, tuple[Any, Any]]
) -> None:
    for name, (x, y) in truth.items():
        write_csv(tmp_path / f"{name}.csv", x, [("left", "right")[label] for label in y])
    write_project(tmp_path, "calibration.csv", "evaluation.csv")
    assert quantci("quantize", cwd=tmp_path).code == 0
    assert quantci("evaluate", cwd=tmp_path).code == 0
    whole = decode((tmp_path / "out/evaluate.json").read_bytes(), EvaluateRecord).result
    for shard in ("1/3", "2/3", "3/3"):
        assert quantci("evaluate", "--shard", shard, cwd=tmp_path).code == 0
    assert quantci("merge", "out", cwd=tmp_path).code == 0
    merged = decode((tmp_path / "out/evaluate.json").read_bytes(), EvaluateRecord).result
    assert whole is not None
    assert merged is not None
    assert merged.dataset == whole.dataset
    assert [step.metrics for step in merged.steps] == [step.metrics for step in whole.steps]
    assert merged.paired == whole.paired


def test_lines_of_one_set_in_the_other_are_a_leak(
    quantci: Command, tmp_path: Path, truth: dict[str, tuple[Any, Any]]
) -> None:
    """The same values in a CSV and in an array: compared is content, not form."""
    x, y = truth["evaluation"]
    write_csv(tmp_path / "calibration.csv", x[:50], ["left"] * 50)
    np.savez(tmp_path / "evaluation.npz", X=x.astype(np.float64), y=y)
    write_project(tmp_path, "calibration.csv", "evaluation.npz")
    done = quantci("pipeline", cwd=tmp_path)
    assert done.code == 2
    assert "evaluation.npz/X[0] (calibration: calibration.csv:2)" in done.err
    assert "[leak]" in done.err


@pytest.mark.parametrize("kind", ["multi-label", "regression"])
def test_several_labels_and_numbers_from_arrays_and_lines(quantci: Command, tmp_path: Path, kind: str) -> None:
    for name, seed in (("calibration", 1), ("evaluation", 2)):
        x, sums = draw_values(120, seed)
        np.savez(tmp_path / f"{name}.npz", X=x, y=sums > 0 if kind == "multi-label" else sums)
        words = [
            ";".join(name for name, one in zip(("left", "right"), row, strict=True) if one > 0)
            if kind == "multi-label"
            else ";".join(map(repr, row.tolist()))
            for row in sums
        ]
        write_csv(tmp_path / f"{name}.csv", x, words)
    found = []
    for ending in (".npz", ".csv"):
        write_project(tmp_path, f"calibration{ending}", f"evaluation{ending}", kind)
        done = quantci("pipeline", cwd=tmp_path)
        assert done.code == 0, done.err
        result = report_of(tmp_path).evaluate
        assert result is not None
        found.append([step.metrics for step in result.steps])
    assert found[0] == found[1]


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "pickle": (lambda path: np.save(path / "X.npy", np.array([{}, 1], object)), "pickle"),
    "shape": (
        lambda path: (path / "X.npy").write_bytes(
            b"\x93NUMPY\x01\x00v\x00" + b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 4)}".ljust(118)
        ),
        "promises more values",
    ),
    "nan": (lambda path: np.save(path / "X.npy", np.full((3, 4), np.nan)), "[not-finite]"),
    "count": (lambda path: np.save(path / "X.npy", np.zeros((4, 4))), "X.npy has 4 samples, but y.npy has 3 labels"),
    "sound": (lambda path: (path / "0.wav").write_bytes(b"RIFF"), "feature extraction"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_set_gets_one_clear_line(quantci: Command, tmp_path: Path, name: str) -> None:
    (tmp_path / "set").mkdir()
    write, told = HOSTILE[name]
    if name != "sound":
        np.save(tmp_path / "set" / "y.npy", np.array([0, 1, 0]))
    write(tmp_path / "set")
    write_project(tmp_path, "set", "set")
    done = quantci("pipeline", cwd=tmp_path)
    assert done.code == 2
    (line,) = [line for line in done.err.splitlines() if line.startswith("quantci: ")]
    assert told in line


def test_pictures_of_bgr_by_opencv_in_a_letterbox(quantci: Command, project: Path, images: Path) -> None:
    """The pictures are of the model's size, so what the float model saw can be made by hand: the channels turned."""
    done = quantci(
        "pipeline",
        *("--input-color", "bgr", "--input-mean", "120,125,130", "--input-fit", "letterbox"),
        *("--input-resize-library", "opencv", "--input-resize", "area", "--input-background", "114"),
        cwd=project,
    )
    assert done.code in {0, 3}, done.err
    with np.load(project / "out" / "predictions.npz", allow_pickle=False) as file:
        ids, found = file["id"], file["float"]
    from quantci.tflite.lite_rt import open_lite_rt
    from quantci.tflite.model import Model

    runner = open_lite_rt(Model((project / "out" / "model_float.tflite").read_bytes(), "float"))
    for name, row in list(zip(ids, found, strict=True))[::37]:
        pixels = np.asarray(Image.open(images / "validation" / str(name)), np.float32)[:, :, ::-1]
        tensor = (pixels - np.array([120, 125, 130], np.float32)) / np.float32(127.5)
        assert np.allclose(runner.run([tensor[np.newaxis]])[0][0], row, atol=1e-6)
    header = (project / "out/component/quantci_model/include/quantci_model/model.h").read_text()
    assert "cv2.resize (INTER_AREA)" in header
    assert "114, 114, 114" in " ".join(header.split())
    assert "0 is blue, 1 green, 2 red" in header
    assert "kInputMean[] = {120.0f, 125.0f, 130.0f};" in header


def test_pictures_for_a_model_of_channels_first(quantci: Command, tmp_path: Path) -> None:
    """A layer whose two sums are those of the red and of the blue plane, as long as red comes first and as a whole."""
    weights = np.zeros((2, 48), np.float32)
    weights[0, :16], weights[1, 32:] = 1 / 16, 1 / 16
    tensors = [Tensor("x", [1, 3, 4, 4]), Tensor("w", data=weights), Tensor("b", data=np.zeros(2, np.float32))]
    op = Op("FULLY_CONNECTED", ["x", "w", "b"], ["y"])
    (tmp_path / "dense.tflite").write_bytes(build_model([*tensors, Tensor("y", [1, 2])], [op], ["x"], ["y"]))
    text = CONFIG.format(kind="classification", labels='["red", "blue"]', calibration="c", evaluation="e")
    text = text.replace("mean = [0, 1, 2, 3]", "mean = [100, 50, 0]").replace("std = [1, 2, 2, 4]", "std = [100]")
    (tmp_path / "quantci.toml").write_text(text)
    random = np.random.RandomState(0)
    for folder in ("c", "e"):
        for index in range(30):
            for label, name in enumerate(("red", "blue")):
                pixels = random.randint(0, 100, (4, 4, 3)).astype(np.uint8)
                pixels[:, :, 2 * label] += np.uint8(40 + 100 * (label == 0))  # red counts from 100 on
                (tmp_path / folder / name).mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(tmp_path / folder / name / f"{index}.png")
    done = quantci("pipeline", cwd=tmp_path)
    assert done.code == 2
    assert 'set input.layout = "nchw"' in done.err
    done = quantci("pipeline", "--input-layout", "nchw", cwd=tmp_path)
    assert done.code == 0, done.err
    result = report_of(tmp_path).evaluate
    assert result is not None
    assert result.headline(0) == 1
    found = predictions(tmp_path)
    pixels = np.asarray(Image.open(tmp_path / "e" / str(found["id"][0])), np.float32)
    assert found["float"][0] == pytest.approx(((pixels - [100, 50, 0]) / 100).mean(axis=(0, 1))[[0, 2]], abs=1e-6)
    header = (tmp_path / "out/component/quantci_model/include/quantci_model/model.h").read_text()
    assert "all of one channel" in " ".join(header.replace("//", "").split())


def test_an_array_of_pixels_is_a_set_of_pictures(quantci: Command, project: Path, tmp_path: Path) -> None:
    for name, count, offset in (("calibration", 70, 0), ("validation", 60, 500)):
        x = np.stack([draw(label, offset + index) for label in range(3) for index in range(count)])
        y = np.repeat(np.array(LABELS), count)
        np.savez_compressed(tmp_path / f"{name}.npz", X=x, y=y)
    assert quantci("pipeline", cwd=project).code == 0
    pictures = report_of(project).evaluate
    done = quantci(
        "pipeline", "--calibration-data", "calibration.npz", "--evaluation-data", "validation.npz", cwd=project
    )
    assert done.code == 0, done.err
    arrays = report_of(project).evaluate
    assert pictures is not None
    assert arrays is not None
    assert [step.metrics for step in arrays.steps] == [step.metrics for step in pictures.steps]
    assert "kPixelTable" in (project / "out/component/quantci_model/include/quantci_model/model.h").read_text()


@pytest.mark.usefixtures("needs_tensorflow")
def test_tensorflow_resizes_to_the_same_bits() -> None:
    import tensorflow as tf

    random = np.random.RandomState(0)
    for before, after in [
        *[((48, 64), size) for size in ((24, 32), (12, 16), (17, 23), (96, 96), (48, 64), (50, 7))],
        *[((160, 160), (24, 24)), ((480, 640), (96, 96)), ((1, 3), (4, 2)), ((97, 31), (96, 32)), ((5, 9), (31, 40))],
    ]:
        pixels = random.randint(0, 256, (*before, 3)).astype(np.uint8)
        for method in ("nearest", "bilinear", "bicubic", "area"):
            theirs = tf.image.resize(pixels, after, method).numpy()
            ours = resize_tensorflow(pixels, after, method)
            assert np.abs(ours.astype(np.float64) - theirs).max() < 1e-4, (before, after, method)
        if 1 in before:
            continue  # TensorFlow refuses to letterbox it: a side would become 0
        padded = tf.image.resize_with_pad(pixels, *after).numpy()
        fit = Fit.of(InputConfig(fit="letterbox", resize_library="tensorflow"), after)
        assert np.abs(fit.apply(pixels) - padded).max() < 1e-4


@pytest.mark.usefixtures("needs_tensorflow")
def test_keras_crops_and_standardizes_to_the_same_numbers(tmp_path: Path) -> None:
    import tensorflow as tf

    from quantci.data.preprocess import Preprocessing
    from quantci.data.sample import Sample

    random = np.random.RandomState(0)
    for index, (before, after) in enumerate([((48, 64), (24, 24)), ((50, 41), (17, 30)), ((33, 90), (40, 20))]):
        pixels = random.randint(0, 256, (*before, 3)).astype(np.uint8)
        path = tmp_path / str(index) / "a" / "a.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(pixels).save(path)
        set_of_keras = tf.keras.utils.image_dataset_from_directory(
            path.parent.parent, image_size=after, crop_to_aspect_ratio=True, shuffle=False, verbose=False
        )
        theirs = next(iter(set_of_keras))[0].numpy()
        sample = Sample("a.png", path, None, (), "a.png", None)
        config = InputConfig(preprocess="in-model", fit="crop", resize_library="tensorflow")
        ours = Preprocessing.for_model(config, [1, *after, 3]).load(sample).tensor
        assert np.abs(ours - theirs).max() < 1e-4
        alone = InputConfig(preprocess="standardize", resize_library="tensorflow", fit="crop")
        ours = Preprocessing.for_model(alone, [1, *after, 3]).load(sample).tensor
        assert np.abs(ours - tf.image.per_image_standardization(theirs).numpy()).max() < 1e-4


def in_different_units(count: int, seed: int) -> tuple[Any, Any]:
    """A column of 0..1 that decides, and one of 0..10,000 that does not."""
    x = np.random.RandomState(seed).uniform(0, 1, (count, 2)) * [1, 10_000]
    return x.astype(np.float32), (x[:, 0] > 0.5).astype(int)


def on_columns(*, normalises: bool) -> bytes:
    """left and right by 8 times the first normalised column; inside it is (x - [0.5, 5000]) * [4, 0.0004]."""
    tensors = [
        Tensor("x", [1, 2]),
        Tensor("mean", data=np.array([0.5, 5000], np.float32)),
        Tensor("centred", [1, 2]),
        Tensor("factor", data=np.array([4, 0.0004], np.float32)),
        Tensor("scaled", [1, 2]),
        Tensor("w", data=np.array([[-8, 0.01], [8, 0.01]], np.float32)),
        Tensor("sums", [1, 2]),
        Tensor("y", [1, 2]),
    ]
    ops = [
        Op("SUB", ["x", "mean"], ["centred"], {"fusedActivationFunction": 0}),
        Op("MUL", ["centred", "factor"], ["scaled"], {"fusedActivationFunction": 0}),
        Op("FULLY_CONNECTED", ["scaled", "w", ""], ["sums"]),
        Op("SOFTMAX", ["sums"], ["y"], {"beta": 1.0}),
    ]
    if normalises:
        return build_model(tensors, ops, ["x"], ["y"])
    ops[2].inputs[0] = "x"
    return build_model([tensors[0], *tensors[5:]], ops[2:], ["x"], ["y"])


def test_columns_in_different_units_are_better_normalised_outside(quantci: Command, tmp_path: Path) -> None:
    """The advice's own lines put right what it is about, with the model that it asks for."""
    for name, count, seed in (("calibration", 240, 1), ("evaluation", 240, 2)):
        x, y = in_different_units(count, seed)
        write_csv(tmp_path / f"{name}.csv", x, [("left", "right")[label] for label in y])
    for path in tmp_path.glob("*.csv"):
        path.write_text(path.read_text().replace("label,ax,ay,az,t", "label,ratio,pressure"))
    write_project(tmp_path, "calibration.csv", "evaluation.csv")
    config = (tmp_path / "quantci.toml").read_text()
    lines = "mean = [0, 1, 2, 3]\nstd = [1, 2, 2, 4]"
    (tmp_path / "quantci.toml").write_text(config.replace(lines, 'preprocess = "in-model"'))
    (tmp_path / "dense.tflite").write_bytes(on_columns(normalises=True))
    assert quantci("pipeline", cwd=tmp_path).code == 3
    report = report_of(tmp_path)
    assert report.quantize is not None
    assert report.evaluate is not None
    assert (report.evaluate.headline(0), report.evaluate.headline(-1) < 0.6) == (1.0, True)
    (advice,) = report.quantize.advice
    assert advice.code == "feature-ranges"
    assert "fewer than 16 (1): 0 (" in advice.text
    assert "Normalise them in" in (tmp_path / "out" / "report.md").read_text()
    told = "\n".join(re.findall(r"`([a-z]+ = [^`]+)`", advice.text))
    assert told == 'preprocess = "normalize"\nmean = [0.5, 5000]\nstd = [0.25, 2500]'

    (tmp_path / "quantci.toml").write_text(config.replace(lines, told))
    (tmp_path / "dense.tflite").write_bytes(on_columns(normalises=False))
    assert quantci("pipeline", cwd=tmp_path).code == 0
    report = report_of(tmp_path)
    assert report.quantize is not None
    assert report.evaluate is not None
    assert report.quantize.advice == []
    assert (report.evaluate.headline(0), report.evaluate.headline(-1) > 0.98) == (1.0, True)
