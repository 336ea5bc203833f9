"""Features of different ranges: when that is said, by numbers that were worked out by hand, and with which lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.models import Op, Tensor, build_model
from tests.unit.quantize.inline import InlinePool

from quantci.data.preprocess import Preprocessing
from quantci.data.sample import Sample
from quantci.quantize.features import Features, advise_on_features, output_steps, round_features
from quantci.quantize.inner_scale import inner_scale
from quantci.quantize.step import Statistics
from quantci.records.input_config import InputConfig
from quantci.records.quantize import TensorRange
from quantci.tflite.model import Model

AS_IT_IS = InputConfig(mean=(0.0,), std=(1.0,))
SAMPLES = [np.array([values], np.float32) for values in ([0, 0], [1, 2550], [0, 2550], [1, 0])]


def weighted(*weights: float, before: tuple[tuple[str, list[float]], ...] = ()) -> Model:
    """y = w0 x0 + w1 x1 + .., after operations with constants such as ("SUB", [..])."""
    count = len(weights)
    tensors, ops, last = [Tensor("x", [1, count])], [], "x"
    for place, (kind, constant) in enumerate(before):
        tensors += [Tensor(f"c{place}", data=np.array(constant, np.float32)), Tensor(f"t{place}", [1, count])]
        ops.append(Op(kind, [last, f"c{place}"], [f"t{place}"], {"fusedActivationFunction": 0}))
        last = f"t{place}"
    tensors += [Tensor("w", data=np.array([weights], np.float32)), Tensor("y", [1, 1])]
    ops.append(Op("FULLY_CONNECTED", [last, "w", ""], ["y"]))
    return Model(build_model(tensors, ops, ["x"], ["y"]), "m")


def found(
    folder: Path,
    model: Model,
    output: tuple[float, float],
    samples: list[NDArray[np.float32]] = SAMPLES,
    config: InputConfig = AS_IT_IS,
) -> list[Any]:
    workers: Any = InlinePool()
    preprocessing = Preprocessing.for_model(config, samples[0].shape)
    features = Features.of(preprocessing)
    assert features is not None
    for sample in samples:
        features.add(sample)
    low, high = float(min(map(np.min, samples))), float(max(map(np.max, samples)))
    last = len(model.tensor_names) - 1
    ranges = [
        TensorRange(tensor=0, name="x", min=low, max=high),
        TensorRange(tensor=last, name="y", min=output[0], max=output[1]),
    ]
    files = []
    for place, sample in enumerate(samples):
        path = folder / f"{place}.npy"
        np.save(path, sample[0] * config.std[0] + config.mean[0] if config.preprocess == "normalize" else sample[0])
        files.append(Sample(path.name, path, None, (), path.name, None))
    return advise_on_features(features, Statistics(model, ranges), files, preprocessing, workers, model)


def test_a_feature_that_counts_and_has_no_step_is_named_with_the_lines(tmp_path: Path) -> None:
    """2550 in 255 steps are 10 each: 0..1 is a tenth of a step, and 1 becomes 0.

    1000 x0 + x1 reaches 3550, 13.9 a step: 1000 that are lost are 71.8 steps, of every second sample: 36 in the mean.
    The features are 0 or 1, and 0 or 2550, as often: mean 0.5 and 1275, deviation the same.
    """
    (advice,) = found(tmp_path, weighted(1000, 1), (0, 3550))
    assert advice.code == "feature-ranges"
    assert (
        "share one scale, 10 a step: of 255 steps, these have fewer than 16 (1): 0 (0 to 1, 0.1 steps)." in advice.text
    )
    assert "moves the float model's output by 36 of its own." in advice.text
    assert advice.text.endswith(
        "Normalise each of them in [input], not inside of the model, and train it so; "
        "the lines are `mean = [0.5, 1275]`, `std = [0.5, 1275]`."
    )


def test_a_narrow_feature_that_the_model_hardly_looks_at_is_not_named(tmp_path: Path) -> None:
    """x0 + x1 reaches 2551, 10 a step: what is lost is a tenth of one."""
    assert found(tmp_path, weighted(1, 1), (0, 2551)) == []


@pytest.mark.parametrize(("largest", "is_narrow"), [(159.0, True), (160.0, False)])
def test_sixteen_steps_of_ten_are_enough(tmp_path: Path, largest: float, is_narrow: bool) -> None:
    """Off by up to 5 of 1000 a unit, where the output has (159 or 160) * 1000 / 255, 625 a step."""
    samples = [np.array([values], np.float32) for values in ([0, 0], [largest - 5, 2550], [4, 0], [largest, 0])]
    assert bool(found(tmp_path, weighted(1000, 0), (0, largest * 1000), samples)) is is_narrow


def test_a_feature_that_is_always_the_same_has_no_range_to_lose(tmp_path: Path) -> None:
    samples = [np.array([[3, value]], np.float32) for value in (0, 2550)]
    assert found(tmp_path, weighted(1000, 1), (0, 5550), samples) == []


def test_the_lines_are_in_the_numbers_of_the_files(tmp_path: Path) -> None:
    """What the model takes is (file - 100) / 2: the file's mean and deviation are 2 * mean + 100 and 2 * deviation."""
    (advice,) = found(tmp_path, weighted(1000, 1), (0, 3550), config=InputConfig(mean=(100.0,), std=(2.0,)))
    assert "`mean = [101, 2650]`, `std = [1, 2550]`" in advice.text
    (advice,) = found(tmp_path, weighted(1000, 1), (0, 3550), config=InputConfig(preprocess="in-model"))
    assert '`preprocess = "normalize"`, `mean = [0.5, 1275]`' in advice.text


def test_the_numbers_of_a_model_that_normalises_inside_are_given_back(tmp_path: Path) -> None:
    """(x - [0.5, 1000]) * [4, 0.002]: the deviations are 0.25 and 500."""
    model = weighted(1, 1, before=(("SUB", [0.5, 1000]), ("MUL", [4, 0.002])))
    (advice,) = found(tmp_path, model, (-4, 5.1))
    assert advice.text.endswith(
        "take the subtraction and the scaling out of its beginning; "
        "the lines are `mean = [0.5, 1000]`, `std = [0.25, 500]`."
    )


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ((("SUB", [1, 2]), ("DIV", [4, 5])), ([1, 2], [4, 5])),
        ((("SUB", [1.5]), ("MUL", [0.5, 0.25])), ([1.5, 1.5], [2, 4])),
        ((("MUL", [0.5, 0.25]),), ([0, 0], [2, 4])),
        ((("SUB", [1, 2]),), None),
        ((("ADD", [1, 2]), ("MUL", [4, 5])), None),
        ((("MUL", [0, 1]),), None),
        ((), None),
    ],
)
def test_what_a_model_does_first(before: Any, expected: Any) -> None:
    scale = inner_scale(weighted(1, 1, before=before), 2)
    assert (scale and tuple(part.tolist() for part in scale)) == expected


def test_many_features_get_no_line(tmp_path: Path) -> None:
    wide = [np.array([[value, *[2550 * value] * 39]], np.float32) for value in (0.0, 1.0)]
    (advice,) = found(tmp_path, weighted(1000, *[0.0] * 39), (0, 1000), wide)
    assert advice.text.endswith("; give mean and std 40 numbers each, one for a feature.")


def test_features_are_along_the_channels_and_merge_to_the_whole() -> None:
    random = np.random.RandomState(0)
    samples = [random.randn(1, 5, 3).astype(np.float32) for _ in range(7)]
    whole, parts = (
        [Features.of(Preprocessing.for_model(AS_IT_IS, [1, 5, 3])) for _ in range(count)] for count in (1, 2)
    )
    for place, sample in enumerate(samples):
        for features in (whole[0], parts[place % 2]):
            assert features is not None
            features.add(sample)
    assert parts[0] is not None
    assert parts[1] is not None
    assert whole[0] is not None
    parts[0].merge(parts[1])
    values = np.concatenate(samples).reshape(-1, 3).astype(np.float64)
    for features in (whole[0], parts[0]):
        assert np.array_equal(features.low, values.min(axis=0))
        assert np.array_equal(features.high, values.max(axis=0))
        mean, deviation = features.mean_and_deviation()
        assert np.allclose(mean, values.mean(axis=0))
        assert np.allclose(deviation, values.std(axis=0))
        assert features.count == 35
    first = InputConfig(mean=(0.0,), std=(1.0,), layout="nchw")
    (channels,) = (Features.of(Preprocessing.for_model(first, [1, 4, 8, 8])),)
    assert channels is not None
    assert (channels.axis, len(channels.low)) == (1, 4)
    assert Features.of(Preprocessing.for_model(AS_IT_IS, [1, 49, 10, 1])) is None


def test_only_narrow_features_are_rounded() -> None:
    sample = np.array([[[1.0, 14.9, 16.0]], [[-7.0, 25.0, 3.0]]], np.float32)
    rounded = round_features(sample, np.array([True, True, False]), 2, 10.0)
    assert rounded.tolist() == [[[0, 10, 16]], [[-10, 20, 3]]]


def test_outputs_without_a_range_say_nothing() -> None:
    assert output_steps(weighted(1, 1), SAMPLES, [0 * sample for sample in SAMPLES], []) == 0.0
