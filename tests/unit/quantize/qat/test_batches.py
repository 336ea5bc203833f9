"""What training sees, and what is held back from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest

from quantci.errors import ConfigError
from quantci.quantize.qat.batches import split_calibration, split_function

SHAPE = [2]
DATA = np.arange(400, dtype=np.float32).reshape(200, 2)


def epochs(seed: int) -> Iterator[tuple[Any, Any]]:
    """One epoch, shuffled by the seed; y is the first value of x."""
    order = np.random.RandomState(seed).permutation(len(DATA))
    for start in range(0, len(DATA), 20):
        x = DATA[order[start : start + 20]]
        yield x, x[:, 0]


def fault(function: Callable[[int], Any]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        list(islice(split_function(function, SHAPE, 0, "qat.fine_tune: m:f").batches, 500))
    assert caught.value.code == "fine-tune"
    assert caught.value.where == "qat.fine_tune: m:f"
    return caught.value


def test_every_fifth_calibration_sample_is_held_back() -> None:
    samples = np.arange(50, dtype=np.float32)[:, None]
    split = split_calibration(samples, 0)
    assert split.tuning.x.ravel().tolist() == [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]
    seen = np.concatenate([batch.x.ravel() for batch in islice(split.batches, 20)])
    assert set(seen) == set(range(50)) - set(split.tuning.x.ravel())
    assert split.tuning.y is None
    again = np.concatenate([batch.x.ravel() for batch in islice(split_calibration(samples, 0).batches, 20)])
    assert np.array_equal(seen, again)


def test_of_very_few_calibration_samples_all_are_trained_and_looked_at() -> None:
    split = split_calibration(DATA[:3], 0)
    assert len(split.tuning.x) == 3
    assert len(next(split.batches).x) == 3


def test_a_sample_is_held_back_in_every_epoch_or_in_none() -> None:
    split = split_function(epochs, SHAPE, 0, "f")
    held_back = {tuple(x) for x in split.tuning.x}
    assert 5 <= len(held_back) == len(split.tuning.x) <= 40  # about a tenth, each once
    batches = list(islice(split.batches, 50))
    trained = {tuple(x) for batch in batches for x in batch.x}
    assert trained == {tuple(x) for x in DATA} - held_back
    for batch in (*batches, split.tuning):
        assert batch.y is not None
        assert np.array_equal(batch.y, batch.x[:, 0])


def test_a_function_whose_batches_end_is_called_with_the_next_seed() -> None:
    seeds = []

    def function(seed: int) -> Iterator[tuple[Any, Any]]:
        seeds.append(seed)
        yield from epochs(seed)

    list(islice(split_function(function, SHAPE, 7, "f").batches, 35))
    assert seeds[0] == 7
    assert seeds == sorted(set(seeds))


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        (1, "not a pair of arrays"),
        ((np.zeros((4, 3)), None), "gives x of shape [4, 3]"),
        ((np.zeros((0, 2)), None), "gives x of shape [0, 2]"),
        ((np.zeros((4, 2)), np.zeros(3)), "gives y of shape [3] for 4 samples"),
        ((np.full((4, 2), np.nan), None), "not finite"),
        ((np.zeros((4, 2)), np.array(["off"] * 4)), "y that is not all finite numbers"),
        ((np.zeros((4, 2)), np.full(4, np.nan)), "y that is not all finite numbers"),
        ((np.zeros((4, 2)), None), "too few samples"),
    ],
)
def test_what_no_training_can_use_is_refused(given: Any, cause: str) -> None:
    assert cause in fault(lambda seed: [given] * 3).cause


def test_a_function_that_fails_or_gives_nothing_is_named() -> None:
    def fails(seed: int) -> Iterator[Any]:
        yield from ()
        raise OSError("no such folder")

    assert "failed with seed 0: OSError: no such folder" in fault(fails).cause
    assert "gives no batch for seed 0" in fault(lambda seed: []).cause


def test_labels_come_always_or_never() -> None:
    assert "some batches only" in fault(lambda seed: [(DATA[:20], None), (DATA[20:40], np.zeros(20))]).cause
