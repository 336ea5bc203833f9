"""Annotations of tasks that quantci does not judge: boxes, masks and keypoints beside pictures."""

from __future__ import annotations

import re
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from quantci.data.culprits import printable
from quantci.errors import task_not_judged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quantci.data.listing import Listing

_MOST_BYTES: Final = 64_000_000  # COCO's own annotations of its validation set are a third of that
_HEAD_BYTES: Final = 4096
_MOST_FILES: Final = 1000
_BESIDE: Final = ("annotations", "Annotations", "labels", "masks")
_COCO: Final = {b'"keypoints"': "keypoints", b'"bbox"': "object detection", b'"segmentation"': "segmentation"}
_YOLO: Final = re.compile(rb"\d+( -?[\d.]+(e-?\d+)?){4,} ?")  # a class, and a box or the corners of a polygon


def refuse_annotations(root: Path, listing: Listing, where: str) -> None:
    """Refuse a folder of pictures without class folders that has annotations of another task in it or beside it.

    Raises:
        ConfigError: `task-not-judged`, naming the first such file.
    """
    folders = {entry.label for entry in listing.entries}
    if folders == {"images", "masks"}:
        raise task_not_judged("segmentation", "it has a folder of masks", where)
    if len(folders) > 1:
        return
    beside = (root.parent / name for name in _BESIDE)
    files = chain(_files(root), *(_files(folder) for folder in beside if folder.is_dir()))
    for file in islice(files, _MOST_FILES):
        refuse_annotation(file, where)


def refuse_annotation(file: Path, where: str) -> None:
    """Refuse a file of such annotations.

    Raises:
        ConfigError: `task-not-judged`.
    """
    if task := _task_of(file):
        raise task_not_judged(task, f"{printable(file.name)} has its annotations", where)


def _files(folder: Path) -> Iterator[Path]:
    found = (path for path in folder.rglob("*") if path.suffix.lower() in _READ)
    return (path for path in found if path.is_file() and not path.is_symlink())


def _task_of(file: Path) -> str:
    """What the annotations in a file are for; empty where it has none."""
    return _READ[file.suffix.lower()](file) if file.suffix.lower() in _READ else ""


def _coco(file: Path) -> str:
    with file.open("rb") as opened:
        text = opened.read(_MOST_BYTES)
    is_coco = b'"annotations"' in text and b'"images"' in text
    return next((task for word, task in _COCO.items() if is_coco and word in text), "")


def _voc(file: Path) -> str:
    head = _head(file)
    return "object detection" if b"<annotation" in head and b"<bndbox" in head else ""


def _yolo(file: Path) -> str:
    lines = _head(file).splitlines()
    whole = lines[:-1] or lines  # the last one may be cut off
    return "object detection" if whole and all(map(_YOLO.fullmatch, whole)) else ""


def _head(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(_HEAD_BYTES)


_READ: Final = {".json": _coco, ".xml": _voc, ".txt": _yolo}
