"""Annotations of boxes, masks and keypoints beside pictures say that the task is none that quantci judges."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quantci.data.listing import Role
from quantci.data.samples import list_set
from quantci.errors import ConfigError, DataRejected
from quantci.tasks.classification import Classification

COCO = {"images": [{"id": 1, "file_name": "0.png"}], "categories": [], "annotations": [{"id": 1, "bbox": [1, 2, 3, 4]}]}
POINTS = {**COCO, "annotations": [{"id": 1, "bbox": [1, 2, 3, 4], "keypoints": [5, 6, 2]}]}
MASKS = {**COCO, "annotations": [{"id": 1, "segmentation": [[1, 2, 3, 4, 5, 6]]}]}
VOC = "<annotation><object><name>cat</name><bndbox><xmin>1</xmin></bndbox></object></annotation>"
YOLO = "0 0.5 0.5 0.25 0.1\n17 0.1 0.2 1e-05 0.1\n"


def write(folder: Path, *pictures: str, **files: str) -> Path:
    """A set: empty pictures, and files with these texts, `__` for a slash and `_ENDING` for their ending."""
    for name in pictures:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name, text in files.items():
        stem, _, ending = name.rpartition("_")
        path = folder / f"{stem.replace('__', '/')}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def listed(base: Path, data: str = "set", role: Role = "evaluation") -> None:
    list_set(data, base, Classification(), role, needs_label=role == "evaluation")


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"set__annotations_json": json.dumps(COCO)}, "object detection, .*: annotations.json has its annotations"),
        ({"set__a__points_json": json.dumps(POINTS)}, "keypoints, .*: points.json has"),
        ({"annotations__val_json": json.dumps(MASKS)}, "segmentation, .*: val.json has"),
        ({"set__0_xml": VOC}, "object detection, .*: 0.xml has"),
        ({"labels__0_txt": YOLO}, "object detection, .*: 0.txt has"),
    ],
    ids=["coco", "keypoints", "masks beside", "voc", "yolo"],
)
def test_annotations_name_their_task(tmp_path: Path, files: dict[str, str], told: str) -> None:
    write(tmp_path, "set/0.png", "set/1.png", **files)
    with pytest.raises(ConfigError, match=rf"^set: This looks like {told}.*\[task-not-judged\]$"):
        listed(tmp_path)
    listed(tmp_path, role="calibration")  # pictures are all that it takes


def test_a_folder_of_masks_names_its_task(tmp_path: Path) -> None:
    write(tmp_path, "set/images/0.png", "set/masks/0.png")
    with pytest.raises(ConfigError, match=r"This looks like segmentation, .*: it has a folder of masks"):
        listed(tmp_path)


def test_the_annotations_themselves_are_no_set(tmp_path: Path) -> None:
    write(tmp_path, val_json=json.dumps(COCO), other_json="{}")
    with pytest.raises(ConfigError, match="This looks like object detection"):
        listed(tmp_path, "val.json")
    with pytest.raises(DataRejected, match="neither a folder nor"):
        listed(tmp_path, "other.json")


@pytest.mark.parametrize(
    "files",
    [
        {"set__captions_json": json.dumps({**COCO, "annotations": [{"caption": "a cat"}]})},
        {"set__other_json": '{"bbox": 1}'},
        {"set__other_xml": "<annotation/>"},
        {"set__classes_txt": "cat\ndog\n"},
        {"set__empty_txt": ""},
        {"set__numbers_txt": "1 2 3\n"},
    ],
)
def test_other_files_are_left_alone(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, "set/0.png", **files)
    listed(tmp_path)


def test_class_folders_are_a_classification_whatever_else_is_there(tmp_path: Path) -> None:
    write(tmp_path, "set/cat/0.png", "set/dog/0.png", set__annotations_json=json.dumps(COCO))
    listed(tmp_path)
