from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.truths import of

from quantci.data.preprocess import LoadedSample
from quantci.data.sample import Sample
from quantci.data.tally import MOST_PIXELS, Tally, check_skipped
from quantci.errors import DataRejected
from quantci.records.base import decode, encode
from quantci.records.dataset import DatasetSummary, ImageCounts, SkippedFile

LABELS = ("red", "green")
UNREADABLE = DataRejected("unreadable-image", "It is empty.", remedy="Save it again.")


def item(name: str, label: int | None = 0, tags: tuple[str, ...] = ()) -> Sample:
    return Sample(name, Path(name), of(label), tags, name.partition("#")[0], None)


def loaded(content: str = "a", **counts: int) -> LoadedSample:
    return LoadedSample(np.zeros((1, 1), np.float32), content * 64, ImageCounts(**counts))


def tally(*samples: Sample, content: str = "a") -> Tally:
    result = Tally()
    for sample in samples:
        result.add(sample, loaded(content))
    return result


def summary(of: Tally, labels: tuple[str, ...] = LABELS) -> DatasetSummary:
    return of.summary("data/val", 1000, labels, seed=3)


def test_summary_counts_classes_and_what_files_needed() -> None:
    of = Tally()
    of.add(item("a", 1), loaded(resized=1, cmyk=1))
    of.add(item("b", 1), loaded(resized=1))
    result = summary(of)
    assert result.per_class == {"red": 0, "green": 2}
    assert result.image_counts == ImageCounts(resized=2, cmyk=1)
    assert (result.path, result.found, result.used, result.seed, result.skipped) == ("data/val", 1000, 2, 3, [])
    assert decode(encode(result), DatasetSummary) == result


def test_a_set_without_labels_has_no_classes() -> None:
    assert summary(tally(item("a", None))).per_class == {}


def test_workers_in_any_order_tell_the_same() -> None:
    samples = [item(f"{k}", k % 2) for k in range(10)]
    forward = tally(*samples)
    first, second = tally(*samples[7:]), tally(*samples[:7])
    pickled = pickle.loads(pickle.dumps(second))
    first.merge(pickled)
    assert summary(first) == summary(forward)
    assert first.digests == forward.digests
    assert [digest.id for digest in first.digests] == [f"{k}" for k in range(10)]


@pytest.mark.parametrize(
    "other",
    [
        tally(item("b")),
        tally(item("a", 1)),
        tally(item("a", None)),
        tally(item("a", 0, ("night",))),
        tally(item("a"), content="b"),
        tally(item("a"), item("b")),
        tally(),
    ],
    ids=["id", "label", "no label", "tags", "content", "more", "none"],
)
def test_the_digest_changes_with_everything_that_counts(other: Tally) -> None:
    assert summary(other).sha256 != summary(tally(item("a"))).sha256


def test_the_digest_does_not_change_with_order_of_labels_alone() -> None:
    """The name of the class belongs to the data; its index belongs to the model."""
    first = summary(tally(item("a", 0)), ("red", "green"))
    assert first.sha256 == summary(tally(item("a", 1)), ("green", "red")).sha256


def test_a_few_unreadable_files_are_listed() -> None:
    of = tally(*(item(f"{k:03}") for k in range(101)))
    of.skip(item("broken"), UNREADABLE)
    result = summary(of)
    assert result.used == 101
    assert result.skipped == [SkippedFile(path="broken", reason="It is empty.")]


def test_a_file_of_many_windows_is_skipped_once() -> None:
    of = tally(*(item(f"{k:03}") for k in range(101)))
    for k in range(50):
        of.skip(item(f"broken#{k}"), UNREADABLE)
    assert len(summary(of).skipped) == 1


def test_one_percent_is_too_many() -> None:
    skipped = [(f"{k}.png", UNREADABLE) for k in range(10)]
    check_skipped(skipped, 1001, "data/val")
    check_skipped([], 0, "data/val")
    with pytest.raises(DataRejected) as caught:
        check_skipped(skipped, 1000, "data/val")
    assert caught.value.code == "unreadable-image"
    assert "(10): 0.png, 1.png, 2.png, 3.png, 4.png and 5 more" in caught.value.cause
    assert caught.value.where == "data/val"


def test_the_refusal_has_the_code_of_the_first_file() -> None:
    of = Tally()
    of.skip(item("b.png"), UNREADABLE)
    of.skip(item("a.bin"), DataRejected("unreadable-tensor", "It is cut off.", remedy="Write it again."))
    with pytest.raises(DataRejected) as caught:
        summary(of)
    assert caught.value.code == "unreadable-tensor"
    assert "a.bin: It is cut off." in caught.value.cause


def test_nothing_but_unreadable_files_is_refused() -> None:
    of = Tally()
    of.skip(item("a"), UNREADABLE)
    with pytest.raises(DataRejected, match="unreadable-image"):
        summary(of)


def test_other_faults_are_not_skipped() -> None:
    fault = DataRejected("not-finite", "NaN.", remedy="Fix it.")
    with pytest.raises(DataRejected) as caught:
        Tally().skip(item("a"), fault)
    assert caught.value is fault


def test_what_strangers_wrote_is_escaped_in_the_refusal() -> None:
    of = Tally()
    of.skip(item("a\x1b[2J.png"), DataRejected("unreadable-image", "It is \x1b[31mred.", remedy="Save it again."))
    with pytest.raises(DataRejected, match=r"a\\x1b\[2J.png: It is \\x1b\[31mred\."):
        summary(of)


def test_the_pixels_of_a_set_are_bounded_in_a_worker_and_over_all_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quantci.data.tally.MOST_PIXELS", 1000)
    one, other = Tally(), Tally()
    one.add(item("a"), replace(loaded(), pixels=1000))  # as many as are allowed
    other.add(item("b"), replace(loaded(), pixels=1))
    with pytest.raises(DataRejected, match=r"The first 2 images .* 1,001 pixels, and 1,000 are") as error:
        one.merge(other)
    assert (error.value.code, error.value.where) == ("too-many-pixels", "a")
    with pytest.raises(DataRejected, match="too-many-pixels"):
        other.add(item("c"), replace(loaded(), pixels=1000))


def test_a_large_honest_set_is_far_from_the_bound() -> None:
    assert MOST_PIXELS > 100_000 * 640 * 480 * 3
