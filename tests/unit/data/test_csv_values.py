"""A CSV of values: what stands in it, and each way in which it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quantci.data.audit import find_duplicates
from quantci.data.preprocess import Preprocessing
from quantci.data.samples import SampleSet, find_samples
from quantci.data.tally import Tally
from quantci.errors import DataRejected, QuantciError
from quantci.records.input_config import InputConfig
from quantci.records.truth import ClassTruth, LabelsTruth, ValuesTruth
from quantci.tasks.classification import Classification
from quantci.tasks.multi_label import MultiLabel
from quantci.tasks.regression import Regression

RAW = InputConfig(preprocess="in-model")


def find(folder: Path, text: str | bytes, task: Any = None, role: Any = "evaluation") -> SampleSet:
    (folder / "set.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return find_samples("set.csv", folder, task or Classification(), RAW, role)


def values(found: SampleSet, shape: list[int]) -> list[Any]:
    return [Preprocessing.for_model(RAW, shape).load(sample).tensor[0].tolist() for sample in found.samples]


def rejected(folder: Path, text: str | bytes, task: Any = None, shape: tuple[int, ...] = (1, 2)) -> QuantciError:
    with pytest.raises(DataRejected) as caught:
        values(find(folder, text, task), list(shape))
    return caught.value


def test_a_line_is_a_sample_and_label_may_stand_anywhere(tmp_path: Path) -> None:
    found = find(tmp_path, "r,Label,g,tags\n1,red,-2.5,a;b\n\n3e2,blue, 4 ,\r\n5,red,6,b\n")
    assert found.labels == ("blue", "red")
    assert [(one.id, one.truth, one.tags, one.group) for one in found.samples] == [
        ("set.csv:2", ClassTruth(index=1), ("a", "b"), "set.csv:2"),
        ("set.csv:4", ClassTruth(index=0), (), "set.csv:4"),
        ("set.csv:5", ClassTruth(index=1), ("b",), "set.csv:5"),
    ]
    assert values(found, [1, 2]) == [[1, -2.5], [300, 4], [5, 6]]
    assert values(found, [1, 1, 2, 1])[0] == [[[1], [-2.5]]]


def test_quotes_marks_of_the_editor_and_names_in_quotes(tmp_path: Path) -> None:
    found = find(tmp_path, b'\xef\xbb\xbf"a, first",b,label\n"1",2,"x, y"\n3,4,z_1\n')
    assert found.labels == ("x, y", "z_1")
    assert values(found, [1, 2]) == [[1, 2], [3, 4]]


def test_indices_several_labels_and_numbers(tmp_path: Path) -> None:
    assert find(tmp_path, "a,label\n1,0\n2,2\n3,1\n").labels == ("0", "1", "2")
    several = find(tmp_path, "a,label\n1,x;y\n2,\n3,y\n", MultiLabel())
    assert [one.truth for one in several.samples] == [LabelsTruth(indices=places) for places in ((0, 1), (), (1,))]
    numbers = find(tmp_path, "a,label\n1,0.5;-1\n2,3;4\n", Regression())
    assert numbers.samples[0].truth == ValuesTruth(values=(0.5, -1.0))


def test_calibration_needs_no_label(tmp_path: Path) -> None:
    found = find(tmp_path, "a,b\n1,2\n3,4\n", role="calibration")
    assert [one.truth for one in found.samples] == [None, None]
    assert values(found, [1, 2]) == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("a,b\n1,2\n", "manifest", "no column `label` among a, b"),
        ("1,2,3.5\n4,5,6.5\n", "manifest", "line 1 has numbers where the names"),
        ("a,b,label\n1,2,x\n1,2\n1,2,3,y\n", "manifest", "(2): line 3: columns: 2, where the header has 3, line 4"),
        ("a,b,label\n1,2,x\n1,2,\n", "manifest", "line 3: the label is empty"),
        (
            "file,b,label\na.png,2,x\n",
            "manifest",
            "no column `path`, so it is one of values; but line 2: column `file`",
        ),
        ("a,b,label\n1,2,x\n1,two,y\n", "manifest", "line 3: column `b` is 'two'"),
        ("a,b,label\n1,2,x\n1,,y\n", "manifest", "line 3: column `b` is empty"),
        ("a,b,label\n1,2,x\n1,1_0,y\n", "manifest", "line 3: column `b` is '1_0'"),
        (b"a,b,label\n1,2,x\n1,2,\xff\n", "manifest", "line 3: it is not UTF-8"),
        ('a,b,label\n1,2,x\n1,2,"y\n', "manifest", "line 3: unexpected end of data"),
        ("a,b,c,label\n1,2,3,x\n", "tensor-size", "3 columns of values (a, b, c), but the model's input [2] takes 2"),
        ("a,b,label\n1,nan,x\n", "not-finite", "1 of 2 values"),
        ("a,b,label\n1,1e999,x\n", "not-finite", "1 of 2 values"),
        ("a,b,label\n", "no-samples", ""),
        ("a;b;label\n1;2;x\n", "manifest", "no column `label` among a;b;label"),
    ],
)
def test_each_fault_is_one_sentence_with_its_line(tmp_path: Path, text: str | bytes, code: str, told: str) -> None:
    fault = rejected(tmp_path, text)
    assert fault.code == code
    assert told in fault.cause
    assert fault.remedy


def test_a_number_that_is_not_finite_is_named_by_its_line(tmp_path: Path) -> None:
    assert "(set.csv:3)" in rejected(tmp_path, "a,b,label\n1,2,x\n1,inf,y\n").where


def test_a_name_that_is_no_label_is_named(tmp_path: Path) -> None:
    fault = rejected(tmp_path, "a,b,label\n1,2,x\n3,4,z\n", Classification(labels=("x", "y")))
    assert fault.code == "label-mismatch"
    assert "z" in fault.cause


def test_lines_and_file_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quantci.data.csv_values._LONGEST_LINE", 100)
    assert "line 2 is longer than" in rejected(tmp_path, "a,b,label\n" + "1" * 200).cause
    monkeypatch.setattr("quantci.data.csv_values.MOST_BYTES", 10)
    assert "it is larger than" in rejected(tmp_path, "a,b,label\n1,2,x\n").cause


def test_lines_are_counted_by_content(tmp_path: Path) -> None:
    found = find(tmp_path, "a,b,label\n1,2,x\n3,4,y\n1.0,2,y\n")
    tally = Tally()
    for sample in found.samples:
        tally.add(sample, Preprocessing.for_model(RAW, [1, 2]).load(sample))
    assert "set.csv:4 (same as set.csv:2)" in find_duplicates(tally.digests)[0].text
    summary = tally.summary("set.csv", 3, found.labels, None)
    assert summary.per_class == {"x": 1, "y": 2}


def test_a_file_that_changes_while_it_is_read_is_a_fault(tmp_path: Path) -> None:
    found = find(tmp_path, "a,b,label\n1,2,x\n3,4,y\n")
    (tmp_path / "set.csv").write_text("a,b,label\n1\n")
    with pytest.raises(DataRejected) as caught:
        values(found, [1, 2])
    assert caught.value.code == "manifest"
