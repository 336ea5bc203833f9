"""Detection, segmentation and keypoints: `init` and `pipeline` say that quantci does not judge them yet."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
from tests.integration.command import Command, Done
from tests.integration.pictures import report_of
from tests.models import SAME, Op, Tensor, build_model

CONFIG = """
output_dir = "out"
[model]
source = "m.tflite"
[task]
labels = ["dark", "bright", "striped"]
[calibration]
data = {calibration}
samples = 30
[evaluation]
data = {evaluation}
"""


def per_place(stride: int, *counts: int, shape: list[int] | None = None) -> bytes:
    """A convolution over 16 x 16 pixels for each of these counts of numbers; with a shape that is given instead."""
    random = np.random.RandomState(0)
    size = 16 // stride
    tensors, ops = [Tensor("image", [1, 16, 16, 3])], []
    for count in counts:
        made = f"made{count}"
        tensors += [
            Tensor(f"w{count}", data=random.normal(0, 0.3, (count, 3, 3, 3)).astype(np.float32)),
            Tensor(f"b{count}", data=np.zeros(count, np.float32)),
            Tensor(made, [1, size, size, count]),
        ]
        options = {"strideW": stride, "strideH": stride, "padding": SAME, "dilationWFactor": 1, "dilationHFactor": 1}
        ops.append(Op("CONV_2D", ["image", f"w{count}", f"b{count}"], [made], options))
        given = shape or [1, size * size, count]
        if given != tensors[-1].shape:
            tensors += [Tensor(f"to{count}", data=np.array(given, np.int32)), Tensor(f"y{count}", given)]
            ops.append(Op("RESHAPE", [made, f"to{count}"], [f"y{count}"], {"newShape": given}))
    names = {tensor.name for tensor in tensors}
    outputs = [f"y{count}" if f"y{count}" in names else f"made{count}" for count in counts]
    return build_model(tensors, ops, ["image"], outputs)


def refused(done: Done) -> str:
    """The one message."""
    assert done.code == 2, done.err
    (line,) = [line for line in done.err.splitlines() if line.startswith("quantci: ")]
    assert line.endswith("[task-not-judged]")
    return line


def test_init_names_a_task_that_is_not_judged_and_writes_nothing(quantci: Command, tmp_path: Path) -> None:
    for data, told in (
        (
            per_place(4, 4, 3),
            "object detection, which quantci does not judge yet: it gives boxes and more for each of 16 ",
        ),
        (per_place(1, 85), "object detection, which quantci does not judge yet: it gives 85 numbers for each of 256 "),
        (
            per_place(1, 5, shape=[1, 16, 16, 5]),
            "segmentation, which quantci does not judge yet: it gives 5 numbers for ",
        ),
    ):
        (tmp_path / "m.tflite").write_bytes(data)
        line = refused(quantci("init", "m.tflite", cwd=tmp_path))
        assert line.startswith(f"quantci: m.tflite: This looks like {told}")
        assert "run quantci quantize and quantci embed" in line
        assert not (tmp_path / "quantci.toml").exists()


def test_init_names_keypoints_and_has_their_numbers_judged(quantci: Command, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(per_place(16, 34, shape=[1, 17, 2]))
    done = quantci("init", "m.tflite", cwd=tmp_path)
    assert done.code == 0, done.err
    assert (
        "regression: a guess: keypoints, of which each number is judged by itself; it gives 2 numbers for " in done.out
    )
    task = tomllib.loads((tmp_path / "quantci.toml").read_text())["task"]
    assert (task["kind"], len(task["labels"])) == ("regression", 34)


def test_the_pipeline_names_it_and_quantize_and_embed_do_their_part(
    quantci: Command, tmp_path: Path, images: Path
) -> None:
    (tmp_path / "m.tflite").write_bytes(per_place(1, 5, shape=[1, 16, 16, 5]))
    sets = {"calibration": images / "calibration", "evaluation": images / "validation"}
    (tmp_path / "quantci.toml").write_text(CONFIG.format(**{name: json.dumps(str(at)) for name, at in sets.items()}))
    done = quantci("pipeline", cwd=tmp_path)
    assert refused(done).startswith(
        "quantci: task.kind: This looks like segmentation, which quantci does not judge yet: "
    )
    report = report_of(tmp_path)
    assert (report.status, report.verdict) == ("config_rejected", "inconclusive")
    assert "This looks like segmentation" in done.out
    done = quantci("embed", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "arena" in done.out


def test_boxes_beside_the_pictures_are_named_before_labels_are_missed(
    quantci: Command, tmp_path: Path, model: Path, images: Path
) -> None:
    (tmp_path / "m.tflite").write_bytes(model.read_bytes())
    coco = {"images": [], "annotations": [{"bbox": [0, 0, 8, 8]}], "categories": []}
    (tmp_path / "val").mkdir()
    for path in (images / "validation" / "dark").iterdir():
        (tmp_path / "val" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "val" / "instances.json").write_text(json.dumps(coco))
    told = "quantci: val: This looks like object detection, which quantci does not judge yet: instances.json has its "
    assert refused(quantci("init", "m.tflite", "--evaluation-data", "val", cwd=tmp_path)).startswith(told)
    text = CONFIG.format(calibration=json.dumps(str(images / "calibration")), evaluation='"val"')
    (tmp_path / "quantci.toml").write_text(text)
    assert refused(quantci("pipeline", cwd=tmp_path)).startswith(told)
