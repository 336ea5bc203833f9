from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.truths import of
from tests.unit.data.images import ARROW, save

from quantci.data.audit import check_overlap, find_duplicates, find_empty_classes
from quantci.data.image import decode_image
from quantci.data.sample import Sample
from quantci.errors import DataRejected
from quantci.records.dataset import SampleDigest


def digests(**contents: str) -> list[SampleDigest]:
    return [SampleDigest(id=name, content_sha256=content * 64) for name, content in contents.items()]


def test_sets_without_overlap_pass() -> None:
    check_overlap(digests(a="1", b="2"), digests(a="3", b="4"))
    check_overlap([], [])


def test_a_leak_names_pairs_and_their_number() -> None:
    evaluation = [SampleDigest(id=f"val/{k}", content_sha256="1" * 64) for k in range(7)]
    with pytest.raises(DataRejected) as caught:
        check_overlap(digests(train="1", other="2"), evaluation)
    assert caught.value.code == "leak"
    assert "(7): val/0 (calibration: train), val/1" in caught.value.cause
    assert "and 2 more" in caught.value.cause


def test_a_leak_is_found_through_another_name_and_format(tmp_path: Path) -> None:
    paths = save(tmp_path / "a.png", ARROW), save(tmp_path / "renamed.bmp", ARROW)
    first, second = ([SampleDigest(id=p.name, content_sha256=decode_image(p).content_sha256)] for p in paths)
    with pytest.raises(DataRejected, match=r"renamed\.bmp"):
        check_overlap(first, second)


def test_a_picture_that_differs_in_one_pixel_is_another(tmp_path: Path) -> None:
    other = ARROW.copy()
    other[0, 0, 0] ^= 1
    shas = {decode_image(save(tmp_path / f"{k}.png", np.array(p))).content_sha256 for k, p in enumerate((ARROW, other))}
    assert len(shas) == 2


def test_duplicates_are_advice_with_their_number() -> None:
    (advice,) = find_duplicates(digests(a="1", b="1", c="1", d="2"))
    assert advice.code == "duplicates"
    assert "(2): b (same as a), c (same as a)" in advice.text
    assert find_duplicates(digests(a="1", b="2")) == []


def test_empty_classes_of_a_calibration_set_are_advice() -> None:
    samples = [Sample("a", Path("a"), of(0), (), "a", None)]
    (advice,) = find_empty_classes(samples, ("red", "green"))
    assert advice.code == "empty-class"
    assert "green" in advice.text
    assert find_empty_classes(samples, ("red",)) == []
    assert find_empty_classes([Sample("a", Path("a"), None, (), "a", None)], ("red",)) == []
