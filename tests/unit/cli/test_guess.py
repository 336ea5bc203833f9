"""What `quantci init` makes of models whose task and input are known; a guess is called one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.models import Op, Tensor, build_model

from quantci.cli.guess import guess_kind, guess_scaling, is_picture, normalises
from quantci.records.keras_model import KerasLayer
from quantci.tflite.model import Model

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.records.model import ModelSummary


def dense(taken: list[int], outputs: int, last: str = "") -> ModelSummary:
    """One dense layer, and an activation of its own behind it."""
    given = [1, outputs]
    tensors = [
        Tensor("x", taken),
        Tensor("weights", data=np.ones((outputs, int(np.prod(taken))), np.float32)),
        Tensor("dense", given),
        *([Tensor("y", given)] if last else []),
    ]
    ops = [Op("FULLY_CONNECTED", ["x", "weights", ""], ["dense"]), *([Op(last, ["dense"], ["y"])] if last else [])]
    return Model(build_model(tensors, ops, ["x"], ["y" if last else "dense"]), "m.tflite").summary


@pytest.mark.parametrize(
    ("taken", "outputs", "last", "kind", "is_guess"),
    [
        ([1, 20], 3, "SOFTMAX", "classification", False),
        ([1, 3], 3, "SOFTMAX", "classification", False),  # as many as it takes, and no autoencoder
        ([1, 640], 640, "", "anomaly", False),
        ([1, 640], 640, "LOGISTIC", "anomaly", False),
        ([1, 1], 1, "", "regression", True),  # the sine of hello_world
        ([1, 7], 5, "", "classification", True),
        ([1, 20], 1, "LOGISTIC", "classification", True),
        ([1, 20], 4, "LOGISTIC", "multi-label", True),
    ],
)
def test_the_task(taken: list[int], outputs: int, last: str, kind: str, is_guess: bool) -> None:
    found = guess_kind(dense(taken, outputs, last))
    assert found.kind == kind
    assert found.why.startswith("a guess: ") == is_guess


@pytest.mark.parametrize(
    ("taken", "given", "why"),
    [
        ([1, 24, 3], [1, 12, 2], "24 numbers, as a forecast has"),
        ([1, 96, 96, 3], [1, 17, 3], "keypoints, of which each number is judged by itself"),
    ],
)
def test_several_numbers_in_rows_are_a_regression(taken: list[int], given: list[int], why: str) -> None:
    model = build_model([Tensor("x", taken), Tensor("y", given)], [Op("Anything", ["x"], ["y"])], ["x"], ["y"])
    found = guess_kind(Model(model, "m.tflite").summary)
    assert found.kind == "regression"
    assert found.why.startswith(f"a guess: {why}")


def layer(kind: str) -> KerasLayer:
    return KerasLayer(name=kind.lower(), layer=kind, input_shape=None, weight_shapes=[], parameters=0, refused=None)


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        (["InputLayer", "Rescaling", "Conv2D"], "inside"),
        (["InputLayer", "RandomFlip", "RandomZoom", "Normalization"], "inside"),
        (["InputLayer", "Conv2D", "Rescaling"], "outside"),
        (["InputLayer"], "outside"),
    ],
)
def test_a_keras_file_says_whether_it_normalises(layers: list[str], found: str) -> None:
    assert normalises(dense([1, 20], 3), [layer(kind) for kind in layers]) == found


def test_a_tflite_says_it_only_where_the_arithmetic_was_kept() -> None:
    assert normalises(dense([1, 20], 3)) == "unknown"
    tensors = [Tensor("x", [1, 4]), Tensor("s", data=np.array([1 / 255], np.float32)), Tensor("y", [1, 4])]
    scaled = Model(build_model(tensors, [Op("MUL", ["x", "s"], ["y"])], ["x"], ["y"]), "m.tflite").summary
    assert normalises(scaled) == "inside"


@pytest.mark.parametrize(
    ("shape", "ending", "found"),
    [
        ([1, 96, 96, 3], "", True),
        ([1, 28, 28, 1], "", True),
        ([1, 49, 10, 1], "", False),  # MFCCs
        ([1, 49, 10, 1], ".png", True),
        ([1, 28, 28, 1], ".npy", False),
        ([1, 32, 32, 2], "", False),
        ([1, 640], ".png", False),
    ],
)
def test_a_picture(tmp_path: Path, shape: list[int], ending: str, found: bool) -> None:
    if ending:
        (tmp_path / "set" / "class").mkdir(parents=True)
        (tmp_path / "set" / "class" / f"0{ending}").touch()
    assert is_picture(shape, tmp_path / "set", "unknown") == found


def test_grey_pixels_that_the_model_divides_itself(tmp_path: Path) -> None:
    assert is_picture([1, 20, 30, 1], tmp_path / "nowhere", "inside")


@pytest.mark.parametrize(
    ("dtype", "scale", "zero_point", "expected"),
    [
        ("int8", 1 / 255, -128, (0.0, 255.0)),
        ("uint8", 0.00392108, 0, (0.0, 255.0)),
        ("int8", 2 / 255, 0, (127.5, 127.5)),
        ("int8", 1.0, -128, (0.0, 1.0)),
        ("uint8", 0.99, 0, (0.0, 1.0)),  # the calibration set had no white pixel
        ("int8", 0.0186, -14, None),  # ImageNet's means
        ("int16", 1 / 32768, 0, None),  # the same whatever it takes, as it has no zero point
    ],
)
def test_the_integers_that_a_model_takes_tell_how_pixels_were_scaled(
    dtype: str, scale: float, zero_point: int, expected: tuple[float, float] | None
) -> None:
    tensors = [Tensor(name, [1, 4, 4, 3], dtype, scale=scale, zero_point=zero_point) for name in "xy"]
    found = guess_scaling(Model(build_model(tensors, [Op("RELU", ["x"], ["y"])], ["x"], ["y"]), "m").summary)
    assert (found[:2] if found else None) == expected


def test_behind_a_float_input_it_is_what_quantize_gives() -> None:
    tensors = [Tensor("x", [1, 4]), Tensor("q", [1, 4], "int8", scale=2 / 255, zero_point=0)]
    found = guess_scaling(Model(build_model(tensors, [Op("QUANTIZE", ["x"], ["q"])], ["x"], ["q"]), "m").summary)
    assert found is not None
    assert found.why == "the integers of its input stand for about -1 to 1"
