from __future__ import annotations

import errno
import os
import pickle
from pathlib import Path
from typing import NoReturn

import pytest
from tests.truths import index_of

from quantci.data.sample import Sample
from quantci.data.samples import find_samples
from quantci.errors import ConfigError, DataRejected
from quantci.records.input_config import InputConfig
from quantci.tasks.anomaly import Anomaly
from quantci.tasks.classification import Classification
from quantci.tasks.task import Task

LIGHTS = Classification(labels=("red", "green"))
UINT8 = InputConfig(dtype="uint8")


def touch(root: Path, *names: str, content: bytes = b"x") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def write(root: Path, text: str, name: str = "set/manifest.csv") -> None:
    touch(root, name, content=text.encode())


def find(
    root: Path, data: str = "set", task: Task = LIGHTS, role: str = "evaluation", config: InputConfig = UINT8
) -> list[Sample]:
    return find_samples(data, root, task, config, "evaluation" if role == "evaluation" else "calibration").samples


def labels_of(root: Path) -> tuple[str, ...]:
    return find_samples("set", root, Classification(), UINT8, "calibration").labels


def rejected(root: Path, code: str, **arguments: object) -> DataRejected:
    with pytest.raises(DataRejected) as caught:
        find(root, **arguments)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert caught.value.where
    assert caught.value.remedy
    return caught.value


# Class folders


def test_class_folders_give_labels_in_a_fixed_order(tmp_path: Path) -> None:
    touch(
        tmp_path / "set", "red/b.png", "red/a.JPG", "green/deep/c.bmp", "green/notes.txt", ".cache/x.png", "red/.h.png"
    )
    samples = find(tmp_path)
    assert [(s.id, index_of(s), s.group) for s in samples] == [
        ("green/deep/c.bmp", 1, "green/deep/c.bmp"),
        ("red/a.JPG", 0, "red/a.JPG"),
        ("red/b.png", 0, "red/b.png"),
    ]
    assert samples[1].path.read_bytes() == b"x"


def test_samples_are_picklable(tmp_path: Path) -> None:
    touch(tmp_path / "set", "red/a.png", "green/a.png")
    samples = find(tmp_path)
    assert pickle.loads(pickle.dumps(samples)) == samples


def test_unknown_class_folder_is_named_with_the_known_labels(tmp_path: Path) -> None:
    touch(tmp_path / "set", "red/a.png", "green/a.png", "blue/a.png")
    cause = rejected(tmp_path, "label-mismatch").cause
    assert "blue" in cause
    assert "red, green" in cause


@pytest.mark.parametrize(("label", "is_number"), [("19.4", True), ("-1e-3;2", True), ("7", False), ("tall", False)])
def test_labels_that_are_numbers_name_the_task_for_them(tmp_path: Path, label: str, is_number: bool) -> None:
    """An index that is too large stays one."""
    touch(tmp_path / "set", "a.png")
    write(tmp_path, f"path,label\na.png,{label}\n")
    with pytest.raises(DataRejected) as caught:
        find(tmp_path)
    assert ('set task.kind to "regression"' in caught.value.remedy) == is_number


def test_a_class_folder_is_never_an_index(tmp_path: Path) -> None:
    touch(tmp_path / "set", "0/a.png", "green/a.png")
    rejected(tmp_path, "label-mismatch")


def test_evaluation_needs_a_sample_of_every_class(tmp_path: Path) -> None:
    touch(tmp_path / "set", "red/a.png")
    (tmp_path / "set/green").mkdir()
    assert "(1): green" in rejected(tmp_path, "empty-class").cause
    assert len(find(tmp_path, role="calibration")) == 1


def test_files_beside_class_folders_are_not_left_out_in_silence(tmp_path: Path) -> None:
    touch(tmp_path / "set", "red/a.png", "green/a.png", "stray.png")
    assert "stray.png" in rejected(tmp_path, "label-mismatch").cause


def test_labels_are_inferred_from_sorted_folders(tmp_path: Path) -> None:
    touch(tmp_path / "set", "red/a.png", "green/a.png")
    assert labels_of(tmp_path) == ("green", "red")
    assert [index_of(s) for s in find(tmp_path, task=Classification())] == [0, 1]


def test_anomaly_labels_are_normal_then_anomaly(tmp_path: Path) -> None:
    touch(tmp_path / "set", "anomaly/a.npy", "normal/a.npy")
    assert [index_of(s) for s in find(tmp_path, task=Anomaly())] == [1, 0]


@pytest.mark.parametrize("linked", ["red/b.png", "blue"])
def test_links_that_leave_a_folder_are_refused(tmp_path: Path, linked: str) -> None:
    touch(tmp_path / "set", "red/a.png", "green/a.png")
    touch(tmp_path, "outside/secret.png")
    (tmp_path / "set" / linked).symlink_to(tmp_path / ("outside/secret.png" if "." in linked else "outside"))
    assert linked in rejected(tmp_path, "path").cause


def test_a_link_inside_and_a_linked_root_are_fine(tmp_path: Path) -> None:
    touch(tmp_path / "real", "red/a.png", "green/a.png")
    (tmp_path / "real/red/b.png").symlink_to(tmp_path / "real/red/a.png")
    (tmp_path / "set").symlink_to(tmp_path / "real")
    assert len(find(tmp_path)) == 3


def test_file_names_that_are_not_unicode_are_refused(tmp_path: Path) -> None:
    touch(tmp_path / "set", "red/a.png", "green/a.png")
    try:
        touch(tmp_path / "set", "red/\udcff.png")
    except (OSError, UnicodeError):
        pytest.skip("this file system has Unicode names only")
    assert "dcff" in rejected(tmp_path, "path").cause


# Flat folders


def test_a_flat_folder_is_for_calibration_only(tmp_path: Path) -> None:
    touch(tmp_path / "set", "b.png", "a.npy")
    assert [(s.id, index_of(s)) for s in find(tmp_path, role="calibration")] == [("a.npy", None), ("b.png", None)]
    assert "a.npy, b.png" in rejected(tmp_path, "label-mismatch").cause


def test_bin_files_need_a_dtype(tmp_path: Path) -> None:
    touch(tmp_path / "set", "a.bin")
    with pytest.raises(ConfigError) as caught:
        find(tmp_path, role="calibration", config=InputConfig())
    assert caught.value.code == "input-dtype"


@pytest.mark.parametrize("role", ["calibration", "evaluation"])
def test_a_set_that_is_not_there_and_an_empty_one(tmp_path: Path, role: str) -> None:
    fault = rejected(tmp_path, "not-found", role=role)
    assert fault.where == "set"
    assert role in fault.remedy
    (tmp_path / "set").mkdir()
    rejected(tmp_path, "no-samples", role=role)


def test_absolute_data_is_taken_as_it_is(tmp_path: Path) -> None:
    touch(tmp_path / "set", "red/a.png", "green/a.png")
    assert len(find(Path("/nowhere"), data=str(tmp_path / "set"))) == 2


def test_a_file_that_is_no_csv_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "set")
    rejected(tmp_path, "manifest")


# Manifests


@pytest.mark.parametrize("data", ["set", "set/", "set/manifest.csv"])
def test_manifest_gives_labels_by_name_or_index_and_tags(tmp_path: Path, data: str) -> None:
    touch(tmp_path / "set", "x/b.png", "a.png")
    write(tmp_path, "\ufeffpath,label,tags,author\r\n./x/b.png,green,night; rain ;;night,me\r\na.png,0,,\r\n\r\n")
    assert [(s.id, index_of(s), s.tags) for s in find(tmp_path, data)] == [
        ("x/b.png", 1, ("night", "rain")),
        ("a.png", 0, ()),
    ]


def test_a_label_name_goes_before_an_index(tmp_path: Path) -> None:
    touch(tmp_path / "set", "a.png", "b.png")
    write(tmp_path, "path,label\na.png,1\nb.png,0\n")
    assert [index_of(s) for s in find(tmp_path, task=Classification(labels=("1", "0")))] == [0, 1]


def test_calibration_manifest_needs_no_labels(tmp_path: Path) -> None:
    touch(tmp_path / "set", "a.png", "b.png")
    write(tmp_path, "path\na.png\nb.png\n")
    assert [index_of(s) for s in find(tmp_path, role="calibration")] == [None, None]


@pytest.mark.parametrize(
    ("rows", "labels"),
    [("a.png,2\nb.png,0", ("0", "1", "2")), ("a.png,dog\nb.png,cat", ("cat", "dog")), ("a.png,\nb.png,", ())],
    ids=["indices", "names", "none"],
)
def test_labels_are_inferred_from_a_manifest(tmp_path: Path, rows: str, labels: tuple[str, ...]) -> None:
    touch(tmp_path / "set", "a.png", "b.png")
    write(tmp_path, f"path,label\n{rows}\n")
    assert labels_of(tmp_path) == labels


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: there is no column path"),
        ("label,tags\nred,\n", "line 1: there is no column path"),
        ("path,tags\na.png,\n", "line 1: there is no column label"),
        ("path,label\n,red\n", "line 2: the path is empty"),
        ("path,label\na.png,red\n\na.png,\n", "line 4: the label is empty"),
        ("path,label\na.png,red\n./a.png,red\n", "line 3: an earlier line names the path already"),
        ("path,label\na.png,red,x\n", "line 2: columns: 3, where the header has 2"),
        ('path,label\n"a.png,red\n', "line"),
    ],
    ids=["empty", "no path", "no label", "empty path", "empty label", "repeated", "too wide", "open quote"],
)
def test_manifest_faults_name_the_line(tmp_path: Path, text: str, told: str) -> None:
    touch(tmp_path / "set", "a.png")
    write(tmp_path, text)
    fault = rejected(tmp_path, "manifest")
    assert told in fault.cause
    assert fault.where == "set/manifest.csv"


def test_a_manifest_must_be_utf8(tmp_path: Path) -> None:
    touch(tmp_path / "set", "manifest.csv", content=b"path,label\n\xff.png,red\n")
    assert "not UTF-8" in rejected(tmp_path, "manifest").cause


def test_a_manifest_without_lines_has_no_samples(tmp_path: Path) -> None:
    write(tmp_path, "path,label\n")
    rejected(tmp_path, "no-samples")


@pytest.mark.parametrize(
    "path", ["../secret.png", "a/../../secret.png", "/etc/passwd", "C:/secret.png", "a\\b.png", "link.png", "in/s.png"]
)
def test_manifest_paths_stay_inside(tmp_path: Path, path: str) -> None:
    touch(tmp_path, "secret.png", "out/s.png", "set/a.png")
    (tmp_path / "set/link.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "set/in").symlink_to(tmp_path / "out")
    write(tmp_path, f"path,label\na.png,red\n{path},green\n")
    assert "(line 3)" in rejected(tmp_path, "path").cause


def test_missing_files_are_counted_and_five_are_named(tmp_path: Path) -> None:
    write(tmp_path, "path,label\n" + "".join(f"{k}.png,red\n" for k in range(8)))
    assert "(8): 0.png, 1.png, 2.png, 3.png, 4.png and 3 more" in rejected(tmp_path, "not-found").cause


def test_a_folder_is_no_sample(tmp_path: Path) -> None:
    (tmp_path / "set/a.png").mkdir(parents=True)
    write(tmp_path, "path,label\na.png,red\n")
    rejected(tmp_path, "not-found")


@pytest.mark.parametrize(
    ("label", "code"), [("blue", "label-mismatch"), ("2", "label-out-of-range"), ("-1", "label-mismatch")]
)
def test_manifest_labels_must_be_known(tmp_path: Path, label: str, code: str) -> None:
    touch(tmp_path / "set", "a.png")
    write(tmp_path, f"path,label\na.png,{label}\n")
    assert label in rejected(tmp_path, code).cause


def test_an_absurd_index_does_not_become_a_list_of_labels(tmp_path: Path) -> None:
    touch(tmp_path / "set", "a.png")
    write(tmp_path, "path,label\na.png,20261123\n")
    rejected(tmp_path, "label-out-of-range", task=Classification())


# MLPerf Tiny's y_labels.csv


def test_truth_file_of_a_classifier(tmp_path: Path) -> None:
    touch(tmp_path / "set", "tst_000000_Stop_7.bin", "tst_000001_Up_1.bin")
    write(tmp_path, "tst_000000_Stop_7.bin,2,1\ntst_000001_Up_1.bin,2,0\n", "set/y_labels.csv")
    samples = find(tmp_path)
    assert [(s.id, index_of(s), s.window) for s in samples] == [
        ("tst_000000_Stop_7.bin", 1, None),
        ("tst_000001_Up_1.bin", 0, None),
    ]
    assert labels_of(tmp_path) == ("0", "1")


def test_truth_file_of_another_name_is_recognised(tmp_path: Path) -> None:
    touch(tmp_path / "set", "a.bin", "b.bin")
    write(tmp_path, "a.bin,2,1\nb.bin,2,0\n", "set/y_labels_alt.csv")
    assert [index_of(s) for s in find(tmp_path, "set/y_labels_alt.csv")] == [1, 0]


def test_windows_slide_over_the_file(tmp_path: Path) -> None:
    touch(tmp_path / "set", "n.bin", content=bytes(4 * 7))
    touch(tmp_path / "set", "a.bin", content=bytes(4 * 4))
    write(tmp_path, "n.bin,2,0,16,8\na.bin,2,1,16,8\n", "set/y_labels.csv")
    samples = find(tmp_path, task=Anomaly(), config=InputConfig(dtype="float32"))
    assert [(s.id, s.group, index_of(s), s.window) for s in samples] == [
        ("n.bin#0", "n.bin", 0, (0, 16)),
        ("n.bin#1", "n.bin", 0, (8, 16)),  # 4 bytes are left over: no whole window
        ("a.bin#0", "a.bin", 1, (0, 16)),
    ]


def test_mlperf_anomaly_files_have_196_windows(tmp_path: Path) -> None:
    """200 slices of 128 float32 values, 5 slices a window, one slice a stride."""
    touch(tmp_path / "set", "n.bin", content=bytes(200 * 512))
    write(tmp_path, "n.bin,2,0,2560,512\n", "set/y_labels.csv")
    config = InputConfig(dtype="float32")
    assert len(find(tmp_path, task=Anomaly(), role="calibration", config=config)) == 196


@pytest.mark.parametrize("line", ["n.bin,2,0,64,8", "n.bin,2,0,18,8", "n.bin,2,0,16,6"])
def test_windows_must_fit_file_and_dtype(tmp_path: Path, line: str) -> None:
    touch(tmp_path / "set", "n.bin", content=bytes(32))
    write(tmp_path, f"{line}\n", "set/y_labels.csv")
    task = Anomaly()
    rejected(tmp_path, "tensor-size", task=task, role="calibration", config=InputConfig(dtype="float32"))


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        ("a.bin,2,1\nb.bin,3,1\n", "manifest", "line 2"),
        ("a.bin,2,1\nb.bin,2,x\n", "manifest", "line 2"),
        ("a.bin,2,1\na.bin,2,1\n", "manifest", "line 2"),
        ("a.bin,2\n", "manifest", "line 1"),
        ("a.bin,2,0,0,8\n", "manifest", "at least one byte"),
        ("a.bin,2,0,8,00\n", "manifest", "at least one byte"),
        ("a.bin,2,2\n", "label-out-of-range", "2 (line 1)"),
        ("a.bin,12,7\n", "label-mismatch", "12"),
        ("a.bin,2,0\n", "empty-class", "green"),
        ("../a.bin,2,0\n", "path", "line 1"),
        ("c.bin,2,0\n", "not-found", "c.bin"),
        ("\n", "no-samples", ""),
    ],
)
def test_truth_file_faults(tmp_path: Path, text: str, code: str, told: str) -> None:
    touch(tmp_path / "set", "a.bin", "b.bin")
    write(tmp_path, text, "set/y_labels.csv")
    assert told in rejected(tmp_path, code).cause


def test_a_manifest_goes_before_a_truth_file(tmp_path: Path) -> None:
    touch(tmp_path / "set", "a.bin", "b.bin")
    write(tmp_path, "a.bin,2,1\nb.bin,2,0\n", "set/y_labels.csv")
    write(tmp_path, "path,label\na.bin,red\nb.bin,green\n")
    assert [index_of(s) for s in find(tmp_path)] == [0, 1]


# What the user that runs quantci may not read


def test_a_class_folder_that_cannot_be_read_is_not_left_out_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path / "set", "red/a.png", "green/a.png", "green/closed/b.png")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    fault = rejected(tmp_path, "unreadable")
    assert "closed cannot be read: Permission denied" in fault.cause
    assert fault.where == "set"


def test_a_manifest_that_cannot_be_read_is_a_fault_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "path,label\na.png,red\n")

    def refuse(path: Path, *_: object, **__: object) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    assert "manifest.csv cannot be read: Permission denied" in rejected(tmp_path, "unreadable").cause


def test_a_csv_is_bounded_in_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quantci.data.manifest.MOST_BYTES", 20_000)
    write(tmp_path, "path\n" + "a.png\n" * 5000)
    assert "it is larger than" in rejected(tmp_path, "manifest").cause


def test_a_folder_is_not_listed_beyond_the_most_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("quantci.data.folder.MOST_SAMPLES", 3)
    touch(tmp_path / "set", "a/1.png", "a/2.png", "b/1.png", "b/2.png")
    rejected(tmp_path, "too-many-samples")
