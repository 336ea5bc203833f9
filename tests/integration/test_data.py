"""The data room as a stage walks through it: find, choose, load, tally, audit."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from quantci.data.audit import find_duplicates, find_overlap
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples
from quantci.data.stratified import choose
from quantci.data.tally import Tally
from quantci.records.input_config import InputConfig
from quantci.tasks.classification import Classification

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.data.sample import Sample


def draw(root: Path, seed: int, count: int = 150) -> None:
    random = np.random.RandomState(seed)
    for k in range(count):
        path = root / ("red", "amber", "green")[k % 3] / f"{k:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.randint(0, 256, (20, 20, 3)).astype(np.uint8)).save(path)


def walk(preprocessing: Preprocessing, samples: list[Sample]) -> Tally:
    tally = Tally()
    for _ in tally.read(samples, preprocessing):
        pass
    return tally


def test_two_workers_tell_what_one_tells(tmp_path: Path) -> None:
    draw(tmp_path / "val", seed=0)
    (tmp_path / "val/red/0000.png").write_bytes(b"")
    task = Classification()
    samples, labels = find_samples("val", tmp_path, task, InputConfig(), "evaluation")
    preprocessing = Preprocessing.for_model(InputConfig(resize="box"), [1, 8, 8, 1])
    alone = walk(preprocessing, samples).summary("val", len(samples), labels, None)
    together = Tally()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        for part in pool.map(walk, [preprocessing] * 2, [samples[1::2], samples[::2]]):
            together.merge(part)
    assert together.summary("val", len(samples), labels, None) == alone
    assert labels == ("amber", "green", "red")
    assert alone.used == 149
    assert alone.per_class == {"amber": 50, "green": 50, "red": 49}
    assert alone.image_counts.resized == alone.image_counts.colour_to_grey == 149
    assert [file.path for file in alone.skipped] == ["red/0000.png"]


def test_a_calibration_set_drawn_from_the_evaluation_set_overlaps_it(tmp_path: Path) -> None:
    draw(tmp_path / "calib", seed=1, count=60)
    draw(tmp_path / "val", seed=2, count=30)
    preprocessing = Preprocessing.for_model(InputConfig(), [1, 16, 16, 3])
    tallies = []
    for data in ("calib", "val"):
        samples, _ = find_samples(data, tmp_path, Classification(), InputConfig(), "calibration")
        chosen = choose(samples, 30, seed=0)
        assert len(chosen) == 30
        tallies.append(walk(preprocessing, chosen))
    assert find_overlap(tallies[0].digests, tallies[1].digests) == []
    assert find_duplicates(tallies[0].digests) == []
    assert len(find_overlap(tallies[1].digests, tallies[1].digests)) == 30
