"""An annotation stands where its fault is: on the line of the configuration, or on the file itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from quantci.github.runner.annotation_location import Place, line_of, place_of

CONFIG = """\
output_dir = "out"   # top

[model]
source = "m.keras"
[ gates ]   # limits
max_model_bytes = 1
  max_arena_bytes = 2
[embed]
custom_ops = { A = "a.h" }
"""


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("output_dir", 1),
        ("model", 3),
        ("model.source", 4),
        ("model.signature", 3),
        ("gates.max_model_bytes", 6),
        ("gates.max_arena_bytes", 7),
        ("gates", 5),
        ("embed.custom_ops", 9),
        ("evaluation.data", 0),
        ("max_model_bytes", 0),
        ("", 0),
    ],
)
def test_a_key_is_found_by_its_section(key: str, line: int) -> None:
    assert line_of(CONFIG, key) == line


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "ci").mkdir()
    file = tmp_path / "ci" / "quantci.toml"
    file.write_text(CONFIG)
    return file


def test_a_key_of_the_configuration(config: Path, tmp_path: Path) -> None:
    assert place_of("gates.max_model_bytes", config, tmp_path) == Place("ci/quantci.toml", 6)
    assert place_of(f"{config}: model.source", config, tmp_path) == Place("ci/quantci.toml", 4)


def test_a_file_of_the_repository(config: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(b"x")
    assert place_of(str(model), config, tmp_path) == Place("m.tflite")


def test_anything_else_is_about_the_configuration(config: Path, tmp_path: Path) -> None:
    for where in ("", "the tensor x", str(tmp_path / "absent"), "/etc/hostname"):
        assert place_of(where, config, tmp_path) == Place("ci/quantci.toml")


def test_what_lies_outside_of_the_repository_has_no_file(config: Path, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    root.mkdir()
    assert place_of("gates", config, root).file == ""


def test_a_configuration_that_is_not_there_has_no_place(tmp_path: Path) -> None:
    """The workflow names it, and a page of a file that does not exist shows nothing."""
    for where in ("model", str(tmp_path / "quantci.toml")):
        assert place_of(where, tmp_path / "quantci.toml", tmp_path) == Place("")


def test_an_input_is_about_the_workflow(config: Path, tmp_path: Path) -> None:
    assert place_of("input `shards`", config, tmp_path) == Place("")


def test_what_is_missing_stands_where_the_configuration_names_it(config: Path, tmp_path: Path) -> None:
    """As `where` of a model is: the folder of the configuration and what it says; of a data set just that."""
    config.write_text(CONFIG + '[evaluation]\ndata = "val"\n')
    assert place_of(str(config.parent / "m.keras"), config, tmp_path) == Place("ci/quantci.toml", 4)
    assert place_of("val", config, tmp_path) == Place("ci/quantci.toml", 11)
