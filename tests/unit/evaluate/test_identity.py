"""Shards of one run have the same digests on every machine, and shards of different runs have not."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.truths import of
from tests.unit.evaluate.sharded import CONFIG, whole_set

from quantci.data.sample import Sample
from quantci.evaluate.identity import config_sha256, dataset_sha256
from quantci.records.config import Config
from quantci.records.input_config import InputConfig

SAMPLES = whole_set(6)


def test_where_and_how_fast_does_not_count() -> None:
    moved = replace(CONFIG, output_dir="elsewhere", evaluation=replace(CONFIG.evaluation, workers=7))
    assert config_sha256(moved) == config_sha256(CONFIG)


@pytest.mark.parametrize(
    "other",
    [
        replace(CONFIG, evaluation=replace(CONFIG.evaluation, seed=1)),
        replace(CONFIG, evaluation=replace(CONFIG.evaluation, data="other")),
        replace(CONFIG, input=InputConfig(resize="nearest")),
    ],
    ids=["seed", "data", "resize"],
)
def test_everything_else_of_the_configuration_counts(other: Config) -> None:
    assert config_sha256(other) != config_sha256(CONFIG)


def test_where_the_set_lies_does_not_count() -> None:
    moved = [Sample(s.id, Path("/elsewhere") / s.path, s.truth, s.tags, s.group, s.window) for s in SAMPLES]
    assert dataset_sha256(moved, ["a", "b"]) == dataset_sha256(SAMPLES, ("a", "b"))


@pytest.mark.parametrize(
    "other",
    [
        SAMPLES[:-1],
        SAMPLES[::-1],
        [*SAMPLES[:-1], Sample("x", Path(), of(1), ("night", "rain"), "x", None)],
        [*SAMPLES[:-1], Sample(SAMPLES[-1].id, Path(), of(2), SAMPLES[-1].tags, SAMPLES[-1].group, None)],
        [*SAMPLES[:-1], Sample(SAMPLES[-1].id, Path(), of(1), (), SAMPLES[-1].group, None)],
        [*SAMPLES[:-1], Sample(SAMPLES[-1].id, Path(), of(1), SAMPLES[-1].tags, "x", None)],
        [*SAMPLES[:-1], Sample(SAMPLES[-1].id, Path(), of(1), SAMPLES[-1].tags, SAMPLES[-1].group, (0, 8))],
    ],
    ids=["fewer", "order", "id", "label", "tags", "group", "window"],
)
def test_everything_that_a_listing_says_counts(other: list[Sample]) -> None:
    assert dataset_sha256(other, ["a", "b"]) != dataset_sha256(SAMPLES, ["a", "b"])
    assert dataset_sha256(SAMPLES, ["b", "a"]) != dataset_sha256(SAMPLES, ["a", "b"])
