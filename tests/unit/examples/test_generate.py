"""The generator of examples/traffic-lights: the same pictures everywhere, and splits that share none."""

import csv
import hashlib
import importlib
import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

EXAMPLE = Path(__file__).parents[3] / "examples" / "traffic-lights"
PINNED = {  # sha256 of the pixels of render(class, seed); equal over NumPy 1.26 to 2.5 and Python 3.11 to 3.13
    (0, 1): "99a53eb57d53350a9df1732cb8c22a893399b7e49c9d7963e8af9227acb0d41c",
    (1, 22): "89f3aeef18a29f601bcee397149f984a0d076320d868760124cf71b018dc49fd",
    (2, 333): "da65251ea82ca629a31ddd5dc1b874a002817a87bb7b8aa290c611538c4ab024",
    (3, 4444): "fda58115357e20367af85ad7f21ab4fd5065408690a86baf77399eb25f15f260",
    (4, 55555): "7b53af016395dbac266694c468f2f0bdfb31415c0a283513e5cb3784dcca0726",
    (5, 666666): "d9e1cfee7ac6e445e635186fe756684bb4aa2abd60d9dfbbfcd070aa3d984ba9",
    (6, 7777777): "083529a657a28de148bd6e8c2728dabac1d58ebb5fe2b382c07e162e282ef858",
}


@pytest.fixture(name="generate")
def load_generate(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return importlib.import_module("generate")


@pytest.fixture(name="tiny")
def make_tiny_split(generate: Any) -> Any:
    return generate.Split("tiny", "tiny", 8, 9_000_000)


@pytest.mark.parametrize(("class_index", "seed"), PINNED)
def test_pixels_are_the_same_on_every_machine(generate: Any, class_index: int, seed: int) -> None:
    pixels, _ = generate.render(class_index, seed)
    assert hashlib.sha256(pixels.tobytes()).hexdigest() == PINNED[class_index, seed]


def test_splits_have_their_size_and_even_classes(generate: Any) -> None:
    for name, count in (("calib", 300), ("validation", 200)):
        items = generate.plan(generate.SPLITS[name])
        per_class = Counter(item.class_index for item in items)
        assert len({item.path for item in items}) == len(items) == count
        assert len(per_class) == 7
        assert max(per_class.values()) - min(per_class.values()) <= 1


def test_a_picture_lies_in_the_folder_of_its_class(generate: Any) -> None:
    assert generate.CLASSES == ("red", "yellow", "green", "off", "left", "straight", "right")
    for item in generate.plan(generate.SPLITS["validation"]):
        assert Path(item.path).parent.name == generate.CLASSES[item.class_index]


def test_splits_share_no_seed_and_no_picture(generate: Any) -> None:
    plans = [generate.plan(split) for split in generate.SPLITS.values()]
    seeds = [item.seed for items in plans for item in items]
    assert len(set(seeds)) == len(seeds)
    sample = [generate.render(item.class_index, item.seed)[0].tobytes() for items in plans for item in items[:20]]
    assert len(set(sample)) == len(sample)


def test_tags_start_with_the_lighting_and_name_known_conditions(generate: Any) -> None:
    seen: set[str] = set()
    for seed in range(60):
        _, tags = generate.render(seed % 7, seed)
        assert tags[0] in {"daylight", "dawn", "night"}
        assert len(set(tags)) == len(tags)
        seen.update(tags)
    conditions = {"rain", "glare", "reflection", "occlusion", "distance", "angle"}
    assert seen == conditions | {"daylight", "dawn", "night"}


def test_png_decodes_to_the_same_pixels(generate: Any) -> None:
    pixels, _ = generate.render(4, 1)
    with Image.open(io.BytesIO(generate.png.encode(pixels))) as image:
        image.verify()
    with Image.open(io.BytesIO(generate.png.encode(pixels))) as image:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), pixels)


def test_png_of_more_than_one_stored_block_decodes(generate: Any) -> None:
    pixels = (np.arange(200 * 150 * 3) % 251).astype(np.uint8).reshape(200, 150, 3)
    with Image.open(io.BytesIO(generate.png.encode(pixels))) as image:
        assert np.array_equal(np.asarray(image), pixels)


def test_manifest_lists_every_file(generate: Any, tiny: Any, tmp_path: Path) -> None:
    generate.write_split(tiny, tmp_path)
    folder = tmp_path / "data" / "tiny"
    rows = list(csv.DictReader((folder / "manifest.csv").read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == ["path", "label", "tags"]
    assert {row["path"] for row in rows} == {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}
    assert all(row["path"].startswith(row["label"] + "/") for row in rows)
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_a_complete_split_is_left_alone(generate: Any, tiny: Any, tmp_path: Path) -> None:
    generate.write_split(tiny, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert "up to date" in generate.write_split(tiny, tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_damaged_split_is_drawn_again(generate: Any, tiny: Any, tmp_path: Path) -> None:
    generate.write_split(tiny, tmp_path)
    folder = tmp_path / "data" / "tiny"
    before = generate.digest(tiny, folder)
    next(folder.rglob("*.png")).unlink()
    generate.write_split(tiny, tmp_path)
    assert generate.digest(tiny, folder) == before


def test_an_interrupted_run_leaves_nothing_behind(
    generate: Any, tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(generate, "render", interrupt)
    with pytest.raises(KeyboardInterrupt):
        generate.write_split(tiny, tmp_path)
    assert list((tmp_path / "data").iterdir()) == []


def test_a_folder_of_someone_else_is_not_touched(
    generate: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "data" / "validation" / "mine.png"
    mine.parent.mkdir(parents=True)
    mine.touch()
    assert generate.main(["--root", str(tmp_path), "--split", "validation"]) == 2
    assert "was not written by this generator" in capsys.readouterr().err
    assert mine.exists()
