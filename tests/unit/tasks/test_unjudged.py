"""Models for tasks that quantci does not judge are named by what they give; those that it judges are not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.models import Op, Tensor, build_model

from quantci.errors import ConfigError
from quantci.records.model import ModelSummary
from quantci.tasks.unjudged import refuse_unjudged, unjudged
from quantci.tflite.model import Model

PICTURE = [1, 96, 96, 3]


def model(taken: list[int], given: Sequence[list[int]], last: str = "") -> ModelSummary:
    """Outputs of these shapes, by an op that may compute anything, and the last op behind each of them."""
    made = [f"made{index}" for index in range(len(given))]
    ends = [f"end{index}" for index in range(len(given))] if last else []
    tensors = [
        Tensor("x", taken),
        *(Tensor(name, shape) for names in (made, ends) for name, shape in zip(names, given, strict=False)),
    ]
    ops = [Op("Anything", ["x"], made), *(Op(last, [before], [end]) for before, end in zip(made, ends, strict=False))]
    return Model(build_model(tensors, ops, ["x"], ends or made), "m.tflite").summary


@pytest.mark.parametrize(
    ("taken", "given", "last", "task", "why"),
    [
        (PICTURE, [[1, 567, 85]], "", "object detection", "85 numbers for each of 567 places"),  # YOLOv5
        (PICTURE, [[1, 84, 189]], "", "object detection", "84 numbers for each of 189 places"),  # YOLOv8
        (PICTURE, [[1, 189, 4], [1, 189, 3]], "", "object detection", "boxes and more for each of 189 places"),  # SSD
        (PICTURE, [[1, 10, 4], [1, 10], [1, 10]], "", "object detection", "boxes and more for each of 10 places"),
        (PICTURE, [[1, 896, 16], [1, 896, 1]], "", "object detection", "several answers for each of 896 places"),
        (
            PICTURE,
            [[1, 3, 3, 18], [1, 6, 6, 18]],
            "",
            "object detection or keypoints",
            "maps of 3 x 3 and 6 x 6 places",
        ),
        (PICTURE, [[1, 96, 96, 21]], "", "segmentation", "21 numbers for each of 96 x 96 pixels"),
        (PICTURE, [[1, 96, 96, 1]], "LOGISTIC", "segmentation", "1 number for each of 96 x 96 pixels"),
        (PICTURE, [PICTURE], "SOFTMAX", "segmentation", "3 numbers for each of 96 x 96 pixels"),
        (
            PICTURE,
            [[1, 12, 12, 3]],  # FOMO
            "SOFTMAX",
            "segmentation, object detection or keypoints",
            "3 numbers for each of 12 x 12 places",
        ),
        ([1, 3, 96, 96], [[1, 5, 96, 96]], "", "segmentation", "5 numbers for each of 96 x 96 pixels"),
        (PICTURE, [[1, 1, 17, 3]], "", "keypoints", "3 numbers for each of 17 points"),  # MoveNet
        (PICTURE, [[1, 68, 2]], "", "keypoints", "2 numbers for each of 68 points"),
        ([1, 100, 40], [[1, 50, 29]], "SOFTMAX", "labelling a sequence", "a softmax for each of 50 steps"),
    ],
)
def test_what_is_not_judged(taken: list[int], given: list[list[int]], last: str, task: str, why: str) -> None:
    found = unjudged(model(taken, given, last))
    assert found is not None
    assert (found.task, found.why) == (task, f"it gives {why}")


@pytest.mark.parametrize(
    ("taken", "given", "last"),
    [
        (PICTURE, [[1, 10]], "SOFTMAX"),
        (PICTURE, [[1, 1, 1, 10]], ""),  # without a Flatten
        (PICTURE, [[1, 1, 10]], ""),
        (PICTURE, [PICTURE], ""),  # an autoencoder
        (PICTURE, [PICTURE], "LOGISTIC"),
        (PICTURE, [[1, 10], [1, 2]], ""),  # two heads: `multi-output`
        ([1, 640], [[1, 640]], ""),
        ([1, 100, 3], [[1, 24, 2]], ""),  # a forecast: regression
        ([1, 100, 3], [[1, 4]], "SOFTMAX"),
    ],
)
def test_what_may_be_judged(taken: list[int], given: list[list[int]], last: str) -> None:
    assert unjudged(model(taken, given, last)) is None


def test_a_choice_among_boxes_is_a_detector_whatever_it_gives() -> None:
    tensors = [Tensor("x", [1, 20]), Tensor("y", [1, 10])]
    data = build_model(tensors, [Op("TFLite_Detection_PostProcess", ["x"], ["y"])], ["x"], ["y"])
    found = unjudged(Model(data, "m.tflite").summary)
    assert found is not None
    assert (found.task, found.why) == ("object detection", "it ends in a choice among boxes")


def refusal(summary: ModelSummary, kind: str) -> str:
    with pytest.raises(ConfigError) as caught:
        refuse_unjudged(summary, kind, "m.tflite")
    assert (caught.value.code, caught.value.where) == ("task-not-judged", "m.tflite")
    return f"{caught.value.cause} {caught.value.remedy}"


def test_the_refusal_says_what_can_be_done_without_a_judgement() -> None:
    for kind in ("classification", "multi-label", "regression", ""):
        said = refusal(model(PICTURE, [[1, 567, 85]]), kind)
        assert said.startswith(
            "This looks like object detection, which quantci does not judge yet: it gives 85 numbers"
        )
        assert "run quantci quantize and quantci embed, which judge nothing" in said


def test_keypoints_are_judged_as_numbers_where_that_is_said() -> None:
    points = model(PICTURE, [[1, 68, 2]])
    assert "task.kind" in refusal(points, "classification")
    refuse_unjudged(points, "regression", "m.tflite")
    refuse_unjudged(points, "", "m.tflite")


def test_a_reconstruction_may_have_any_shape() -> None:
    refuse_unjudged(model(PICTURE, [[1, 48, 48, 3]]), "anomaly", "m.tflite")
    assert "maps of" in refusal(model(PICTURE, [[1, 48, 48, 3], [1, 24, 24, 3]]), "anomaly")
