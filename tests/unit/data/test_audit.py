from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.truths import of
from tests.unit.data.images import ARROW, save

from quantci.data.audit import find_duplicates, find_empty_classes, find_overlap, identify
from quantci.data.image import decode_image
from quantci.data.sample import Sample
from quantci.data.tally import Tally
from quantci.records.dataset import SampleDigest


def digests(**contents: str) -> list[SampleDigest]:
    return [SampleDigest(id=name, content_sha256=content * 64) for name, content in contents.items()]


def test_an_overlap_is_told_by_pairs_in_the_order_of_the_evaluation_set() -> None:
    evaluation = [SampleDigest(id=f"val/{k}", content_sha256=content * 64) for k, content in enumerate("1312")]
    assert find_overlap(digests(train="1", again="1", other="2"), evaluation) == [
        "val/0 (calibration: train)",
        "val/2 (calibration: train)",
        "val/3 (calibration: other)",
    ]
    assert find_overlap(digests(a="1", b="2"), digests(a="3", b="4")) == find_overlap([], []) == []


def test_a_leak_is_found_through_another_name_and_format(tmp_path: Path) -> None:
    paths = save(tmp_path / "a.png", ARROW), save(tmp_path / "renamed.bmp", ARROW)
    first, second = ([SampleDigest(id=p.name, content_sha256=decode_image(p).content_sha256)] for p in paths)
    assert find_overlap(first, second) == ["renamed.bmp (calibration: a.png)"]


def test_a_picture_is_identified_with_the_size_of_its_file_and_a_tensor_without(tmp_path: Path) -> None:
    picture, tensor = save(tmp_path / "a.PNG", ARROW), tmp_path / "b.npy"
    tensor.write_bytes(b"1234")
    tally = Tally()
    for path in (tensor, picture):
        tally.used[path.name] = (Sample(path.name, path, None, (), path.name, None), "1" * 64)
    assert [(entry.id, entry.file_bytes) for entry in identify(tally)] == [
        ("a.PNG", len(picture.read_bytes())),
        ("b.npy", None),
    ]
    picture.unlink()
    assert identify(tally)[0].file_bytes is None


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
