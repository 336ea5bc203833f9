"""A set whose files were not fetched says so, whatever the files should have been."""

from __future__ import annotations

from pathlib import Path

import pytest

from quantci.data.preprocess import Preprocessing
from quantci.data.samples import find_samples
from quantci.data.tally import Tally
from quantci.errors import DataRejected
from quantci.records.config import TaskConfig
from quantci.records.input_config import InputConfig
from quantci.tasks.choose import choose_task
from quantci.tasks.task import Task

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("set.npz", "set.npz", "classification"),
        ("set.npy", "set.npy", "classification"),
        ("set/on/1.npy", "set", "classification"),
        ("set/manifest.csv", "set", "classification"),
        ("set/y_labels.csv", "set", "anomaly"),
    ],
)
def test_a_pointer_in_the_place_of_data_is_named(tmp_path: Path, name: str, data: str, kind: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(POINTER)
    wanted = InputConfig(dtype="float32", shape=(4,))
    with pytest.raises(DataRejected, match=r"it is a Git LFS pointer: run `git lfs pull`"):
        read_all(data, tmp_path, choose_task(TaskConfig(kind=kind)), wanted)  # type: ignore[arg-type]


def read_all(data: str, base: Path, task: Task, wanted: InputConfig) -> None:
    samples, labels = find_samples(data, base, task, wanted, "calibration")
    tally = Tally()
    list(tally.read(samples, Preprocessing.for_model(wanted, [1, 4])))
    tally.summary(data, found=len(samples), labels=labels, seed=None)
