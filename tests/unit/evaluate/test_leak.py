"""Looking for a leak reads no more than it must, and says what it found before anything is run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.data.images import ARROW, save

from quantci.data.preprocess import Preprocessing
from quantci.data.sample import Sample
from quantci.errors import DataRejected
from quantci.evaluate.leak import candidates, digest_samples, refuse_leak
from quantci.records.dataset import SampleDigest
from quantci.records.input_config import InputConfig

READS = Preprocessing.for_model(InputConfig(), [1, 8, 8, 3])
TENSORS = Preprocessing.for_model(InputConfig(), [1, 2])


class InThisProcess:
    """Workers that start no process."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterable[Any]:
        return map(function, items)


def sample(path: Path) -> Sample:
    return Sample(path.name, path, None, (), path.name, None)


def known(path: Path, preprocessing: Preprocessing = READS, file_bytes: int | None = None) -> SampleDigest:
    (digest,) = digest_samples((preprocessing, [sample(path)]))
    return SampleDigest(id=f"calibration/{path.name}", content_sha256=digest.content_sha256, file_bytes=file_bytes)


def refuse(samples: list[Path], calibration: list[SampleDigest], preprocessing: Preprocessing = READS) -> None:
    workers: Any = InThisProcess()
    refuse_leak(map(sample, samples), calibration, preprocessing, workers)


def test_only_pictures_with_a_file_of_a_known_size_are_read(tmp_path: Path) -> None:
    first = save(tmp_path / "a.png", ARROW)
    other = save(tmp_path / "b.bmp", ARROW)
    tensor = tmp_path / "c.npy"
    size = first.stat().st_size
    assert other.stat().st_size != size
    everything = [sample(path) for path in (first, other, tensor)]
    of_pictures = [SampleDigest(id="x", content_sha256="1" * 64, file_bytes=size)]
    of_tensors = [SampleDigest(id="x", content_sha256="1" * 64)]
    assert [one.id for one in candidates(everything, of_pictures)] == ["a.png"]
    assert [one.id for one in candidates(everything, of_tensors)] == ["c.npy"]
    assert [one.id for one in candidates(everything, of_pictures + of_tensors)] == ["a.png", "c.npy"]
    assert candidates(everything, []) == []


def test_a_copy_of_a_picture_is_a_leak_and_another_of_the_same_size_is_none(tmp_path: Path) -> None:
    paths = [save(tmp_path / name, ARROW[:, ::step]) for name, step in (("a.bmp", 1), ("b.bmp", -1))]
    size = paths[0].stat().st_size
    assert paths[1].stat().st_size == size
    calibration = [known(paths[0], file_bytes=size)]
    refuse(paths[1:], calibration)
    with pytest.raises(DataRejected) as caught:
        refuse(paths, calibration)
    assert caught.value.code == "leak"
    assert "(1): a.bmp (calibration: calibration/a.bmp)." in caught.value.cause
    assert "leak_accepted" in caught.value.remedy


def test_tensors_are_compared_by_content_and_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    values = np.arange(200, dtype=np.float32).reshape(100, 2)
    paths = [tmp_path / f"{row:02}.npy" for row in range(100)]
    for path, row in zip(paths, values, strict=True):
        np.save(path, row)
    calibration = [known(paths[70], TENSORS)]
    paths[3].write_bytes(b"damaged")
    refuse(paths[:70], calibration, TENSORS)
    with pytest.raises(DataRejected, match=r"\(1\): 70\.npy .*leak"):
        refuse(paths, calibration, TENSORS)
