"""predictions.npz holds what the numbers of the record follow from."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from tests.truths import of

from quantci.data.sample import Sample
from quantci.evaluate.predictions import DIFFERENCES, to_npz
from quantci.statistics.agreement import summarize

SAMPLES = [
    Sample("a.wav#0", Path("a.wav"), of(0), ("night", "rain"), "a.wav", (0, 8)),
    Sample("b.wav#0", Path("b.wav"), of(1), (), "b.wav", (0, 8)),
]
OUTPUTS = {
    "float": np.array([[0.5], [1.5]]),
    "int8-litert": np.array([[0.25], [1.0]]),
    "int8-oracle": np.array([[0.25], [2.0]]),
}
DIFFERENT = {
    "int8-litert": np.array([[0, 3, 1.5, 0.5], [0, 2, 1.0, 0.75]]),
    "int8-oracle": np.array([[1, 0, 0.0, 1.0], [0, 1, 0.5, 0.5]]),
}


def make() -> bytes:
    return to_npz(
        SAMPLES,
        OUTPUTS,
        DIFFERENT,
        truth=np.array([0, 1]),
        labels=("normal", "anomaly"),
        scales=[0.5],
        zero_points=[-3],
        digests=["00" * 31 + "07", "ff" * 32],
    )


def test_every_array_can_be_read_without_pickle() -> None:
    with np.load(io.BytesIO(make()), allow_pickle=False) as file:
        arrays = {name: file[name].tolist() for name in file.files}
    steps = ("int8_litert", "int8_oracle")
    assert set(arrays) == {
        *("id", "group", "tags", "content_sha256", "label", "label_names", "scale", "zero_point", "float", *steps),
        *(f"{step}_{name}" for step in steps for name in DIFFERENCES),
    }
    assert arrays["content_sha256"] == [[0] * 31 + [7], [255] * 32]
    assert arrays["tags"] == ["night;rain", ""]
    assert (arrays["id"], arrays["group"]) == (["a.wav#0", "b.wav#0"], ["a.wav", "b.wav"])
    assert arrays["int8_litert_largest_lsb"] == [3, 2]
    assert arrays["int8_oracle_cosine"] == [1.0, 0.5]
    assert (arrays["scale"], arrays["zero_point"]) == (0.5, -3)


def test_agreement_can_be_computed_again() -> None:
    with np.load(io.BytesIO(make()), allow_pickle=False) as file:
        again = np.column_stack([file[f"int8_oracle_{name}"] for name in DIFFERENCES])
    assert summarize(again, flips=0, is_raw=True) == summarize(DIFFERENT["int8-oracle"], flips=0, is_raw=True)


def test_the_same_arrays_give_the_same_bytes() -> None:
    assert make() == make()
