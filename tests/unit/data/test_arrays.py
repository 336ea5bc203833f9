"""Arrays of a whole set: X and y, in files or in an .npz, and what hostile ones are told."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantci.data.preprocess import Preprocessing
from quantci.data.samples import SampleSet, find_samples, holds_pixels, list_set
from quantci.errors import DataRejected
from quantci.records.input_config import InputConfig
from quantci.records.truth import ClassTruth, LabelsTruth, ValuesTruth
from quantci.tasks.classification import Classification
from quantci.tasks.multi_label import MultiLabel
from quantci.tasks.regression import Regression

RAW = InputConfig(preprocess="in-model")
X = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
Y = np.array([0, 2, 1, 0])


def find(root: Path, data: str = "set", task: Any = None, role: Any = "evaluation") -> SampleSet:
    return find_samples(data, root, task or Classification(), RAW, role)


def rows(found: SampleSet, *shape: int) -> Any:
    made = Preprocessing.for_model(RAW, [1, *shape])
    return np.concatenate([made.load(sample).tensor for sample in found.samples])


def rejected(root: Path, data: str = "set", **arguments: Any) -> DataRejected:
    with pytest.raises(DataRejected) as caught:
        rows(find(root, data, **arguments), 2, 3)
    assert caught.value.where
    assert caught.value.remedy
    return caught.value


def save(root: Path, **arrays: Any) -> Path:
    (root / "set").mkdir(exist_ok=True)
    for name, values in arrays.items():
        np.save(root / "set" / f"{name}.npy", values)
    return root / "set"


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int8", "uint8", "float16", ">f4"])
def test_a_row_is_a_sample(tmp_path: Path, order: Any, dtype: str) -> None:
    """A table of pandas comes in Fortran's order: its rows are not in one piece."""
    save(tmp_path, X=np.asarray(X.astype(dtype), order=order), y=Y)
    found = find(tmp_path)
    assert np.array_equal(rows(found, 2, 3), X)
    assert np.array_equal(rows(found, 6), X.reshape(4, 6))
    assert found.labels == ("0", "1", "2")
    assert [(one.id, one.truth, one.group) for one in found.samples[:2]] == [
        ("X.npy[0]", ClassTruth(index=0), "X.npy[0]"),
        ("X.npy[1]", ClassTruth(index=2), "X.npy[1]"),
    ]


@pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
def test_an_archive_is_read_as_its_files_are(tmp_path: Path, write: Any) -> None:
    write(tmp_path / "set.npz", x=X, Y=Y)
    found = find(tmp_path, "set.npz")
    assert np.array_equal(rows(found, 2, 3), X)
    assert [one.id for one in found.samples] == [f"set.npz/x[{row}]" for row in range(4)]
    backwards = SampleSet(found.samples[::-1], found.labels)
    assert np.array_equal(rows(backwards, 2, 3), X[::-1])


def test_of_several_arrays_each_role_takes_its_own(tmp_path: Path) -> None:
    """Keras' mnist.npz has x_train, y_train, x_test and y_test."""
    arrays = {"x_train": X, "y_train": Y, "x_test": X + 100, "y_test": Y}
    np.savez(tmp_path / "set.npz", **arrays)  # type: ignore[arg-type]
    save(tmp_path, **arrays)
    for data in ("set", "set.npz"):
        assert rows(find(tmp_path, data, role="calibration"), 2, 3)[0, 0, 0] == 0
        assert rows(find(tmp_path, data), 2, 3)[0, 0, 0] == 100
    assert rows(find(tmp_path, "set/x_train.npy"), 2, 3)[0, 0, 0] == 0


def test_a_file_that_is_named_takes_the_labels_beside_it(tmp_path: Path) -> None:
    save(tmp_path, X_test=X, y_test=Y, features=X)
    assert find(tmp_path, "set/X_test.npy").labels == ("0", "1", "2")
    assert "no labels beside features.npy" in rejected(tmp_path, "set/features.npy").cause
    assert len(find(tmp_path, "set/features.npy", role="calibration").samples) == 4


@pytest.mark.parametrize(
    ("y", "task", "truths"),
    [
        (np.array(["a", "c", "b", "a"]), Classification(), [ClassTruth(index=place) for place in (0, 2, 1, 0)]),
        (np.array([b"a", b"c", b"b", b"a"]), Classification(), [ClassTruth(index=place) for place in (0, 2, 1, 0)]),
        (np.array([[0.0], [2], [1], [0]]), Classification(), [ClassTruth(index=place) for place in (0, 2, 1, 0)]),
        (np.eye(3)[[0, 2, 1, 0]], Classification(), [ClassTruth(index=place) for place in (0, 2, 1, 0)]),
        (
            np.array([[0, 0], [0, 1], [1, 1], [1, 0]], bool),
            MultiLabel(),
            [LabelsTruth(indices=places) for places in ((), (1,), (0, 1), (0,))],
        ),
        (
            np.array([[0, 1], [0.5, 2], [1, 0], [0, 0]], np.float32),
            Regression(),
            [ValuesTruth(values=pair) for pair in ((0.0, 1.0), (0.5, 2.0), (1.0, 0.0), (0.0, 0.0))],
        ),
        (np.array([1.5, 2, 3, 4]), Regression(), [ValuesTruth(values=(one,)) for one in (1.5, 2.0, 3.0, 4.0)]),
    ],
    ids=["names", "bytes", "column", "one-hot", "several", "pairs", "numbers"],
)
def test_labels_as_people_save_them(tmp_path: Path, y: Any, task: Any, truths: list[Any]) -> None:
    save(tmp_path, X=X, y=y)
    assert [one.truth for one in find(tmp_path, task=task).samples] == truths


@pytest.mark.parametrize(
    ("arrays", "code", "told"),
    [
        ({"X": X, "y": Y[:3]}, "label-mismatch", "X.npy has 4 samples, but y.npy has 3 labels"),
        ({"X": X, "y": np.array([0, 1, np.nan, 0])}, "label-mismatch", "no classes (1): nan"),
        ({"X": X, "y": np.array([0, 1.5, 0, 0])}, "label-mismatch", "no classes (1): 1.5"),
        ({"X": X, "y": np.array([[0, 2], [1, 0], [1, 0], [0, 1]])}, "label-mismatch", "not all 0 or 1"),
        ({"X": X, "y": np.zeros((4, 2, 2))}, "label-mismatch", "has shape [4, 2, 2]"),
        ({"X": X, "y": np.array([0, -1, 1, 0])}, "label-mismatch", "no classes (1): -1"),
        ({"X": X, "y": np.array([0, 10**7, 1, 0])}, "label-out-of-range", "class 10000000"),
        ({"X": X, "y": np.array([0, 1, 0, None], object)}, "unreadable-tensor", "pickle"),
        ({"X": np.array([[1, {}]] * 4, object), "y": Y}, "unreadable-tensor", "pickle"),
        ({"X": X.astype(complex), "y": Y}, "unreadable-tensor", "complex128, not numbers"),
        ({"X": np.array(3.0), "y": Y}, "no-samples", "shape []"),
        ({"X": X[:0], "y": Y[:0]}, "no-samples", "shape [0, 2, 3]"),
        ({"X": X.reshape(2, 12), "y": Y[2:]}, "tensor-size", "shape [12], but the model's input has [2, 3]"),
        ({"X": np.where(X == 7, np.nan, X), "y": Y}, "not-finite", "1 of 6 values"),
        ({"X_a": X, "y": Y}, "tensor-size", ""),
        ({"X_train": X, "y_train": Y, "X_calib": X, "y_calib": Y}, "no-samples", "Which of these arrays"),
    ],
)
def test_what_does_not_fit_is_told(tmp_path: Path, arrays: dict[str, Any], code: str, told: str) -> None:
    save(tmp_path, **arrays)
    if code == "tensor-size" and not told:  # two samples without labels: a flat folder
        assert rejected(tmp_path, role="calibration").code == code
        return
    fault = rejected(tmp_path)
    assert fault.code == code
    assert told in fault.cause


def header(shape: str, descr: str = "'<f4'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    ("data", "code", "told"),
    [
        (header("(1000000, 1000000)"), "unreadable-tensor", "promises more values than there are"),
        (header("(99999999999999999999, 2)"), "unreadable-tensor", "promises more"),
        (header("(-4, 2)"), "unreadable-tensor", "its shape is [-4, 2]"),
        (header("(4, 2)", "'|O'"), "unreadable-tensor", "pickle"),
        (header("(4, 2)", "[('a', '<f4')]"), "unreadable-tensor", "not numbers"),
        (header("__import__('os')"), "unreadable-tensor", "not a .npy"),
        (b"", "unreadable-tensor", "not a .npy"),
        (b"\x80\x04K\x01.", "unreadable-tensor", "not a .npy"),
    ],
)
@pytest.mark.parametrize("archived", [False, True])
def test_hostile_arrays(tmp_path: Path, data: bytes, code: str, told: str, archived: bool) -> None:
    folder = save(tmp_path, y=Y)
    (folder / "X.npy").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "set.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("X.npy", "y.npy"):
            archive.write(folder / name, name)
    fault = rejected(tmp_path, "set.npz" if archived else "set")
    assert fault.code == code
    assert told in fault.cause


def test_an_array_of_rows_without_bytes_is_bounded(tmp_path: Path) -> None:
    folder = save(tmp_path, y=Y)
    (folder / "X.npy").write_bytes(header("(1000000000, 0)"))
    assert rejected(tmp_path).code == "too-many-samples"


def test_an_archive_that_unpacks_to_more_than_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "set.npz", X=np.zeros((1000, 2, 3)), y=np.zeros(1000, int))
    monkeypatch.setattr("quantci.data.array_file.MOST_BYTES", 10_000)
    assert "48,000 bytes, more than" in rejected(tmp_path, "set.npz").cause


@pytest.mark.parametrize("part", [100, 300])
def test_a_damaged_archive_is_a_fault_of_the_data(tmp_path: Path, part: int) -> None:
    memory = io.BytesIO()
    np.savez_compressed(memory, X=np.random.RandomState(0).rand(50, 2, 3), y=np.zeros(50, int))
    data = bytearray(memory.getvalue())
    data[part : part + 40] = bytes(40)
    (tmp_path / "set.npz").write_bytes(data)
    assert rejected(tmp_path, "set.npz", task=Classification(labels=("a",))).code == "unreadable-tensor"
    (tmp_path / "set.npz").write_bytes(data[:-50])
    assert "it is not an .npz, or it is cut off" in rejected(tmp_path, "set.npz").cause


def test_an_archive_without_x_says_what_it_has(tmp_path: Path) -> None:
    np.savez(tmp_path / "set.npz", data=X, labels=Y)
    fault = rejected(tmp_path, "set.npz")
    assert fault.code == "no-samples"
    assert "(2): data, labels" in fault.cause


def test_pixels_are_8_bit_values_and_pictures(tmp_path: Path) -> None:
    for dtype, expected in (("uint8", True), ("float32", False)):
        save(tmp_path, X=X.astype(dtype), y=Y)
        np.savez(tmp_path / "set.npz", X=X.astype(dtype), y=Y)
        for data in ("set", "set.npz"):
            assert holds_pixels(list_set(data, tmp_path, Classification(), "evaluation")) is expected


def test_sound_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    for name in ("yes/0.wav", "no/1.WAV"):
        (tmp_path / "set" / name).parent.mkdir(parents=True)
        (tmp_path / "set" / name).write_bytes(b"RIFF")
    for data in ("set", "set/yes/0.wav"):
        fault = rejected(tmp_path, data)
        assert fault.code == "no-samples"
        assert "feature extraction" in fault.cause
        assert "MFCC" in fault.cause
        assert "X.npy" in fault.remedy


def test_a_folder_of_something_else_says_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "notes.txt").write_text("x")
    assert "not read (1): notes.txt" in rejected(tmp_path).cause


@pytest.mark.parametrize("name", ["X.npy", "y.npy"])
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = save(tmp_path, X=X, y=Y)
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    assert rejected(tmp_path).code == "path"
    if name == "y.npy":  # a path in the configuration is judged with the configuration
        assert rejected(tmp_path, "set/X.npy").code == "path"


def test_arrays_beside_class_folders_are_not_taken_in_their_place(tmp_path: Path) -> None:
    folder = save(tmp_path, X=X, y=Y)
    (folder / "a").mkdir()
    np.save(folder / "a" / "0.npy", X[0])
    assert "X.npy, y.npy" in rejected(tmp_path).cause


def test_labels_are_read_no_further_than_their_header_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(tmp_path, X=X, y=Y)
    with zipfile.ZipFile(tmp_path / "set.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(folder / "X.npy", "X.npy")
        archive.writestr("y.npy", (folder / "y.npy").read_bytes() + bytes(10**7))
    asked: list[int] = []
    read = zipfile.ZipExtFile.read

    def count(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        asked.append(-1 if n is None else n)
        return read(self, n)

    monkeypatch.setattr(zipfile.ZipExtFile, "read", count)
    assert np.array_equal(rows(find(tmp_path, "set.npz"), 2, 3), X)
    assert min(asked) >= 0
    assert max(asked) < 10_000
