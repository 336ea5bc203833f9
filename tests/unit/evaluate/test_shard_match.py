"""A shard of another run is refused, and the message says which, in what, and both values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.golden import sha
from tests.unit.evaluate.sharded import CONFIG, QUANTIZED, whole_set, write_shard

from quantci import __version__
from quantci.errors import ConfigError
from quantci.evaluate.identity import config_sha256
from quantci.evaluate.shard_folder import find_shards
from quantci.evaluate.shard_match import check_match
from quantci.evaluate.steps import STEPS
from quantci.records.base import read, write
from quantci.records.config import Config
from quantci.records.shard import Shard, ShardRecord

WHOLE = whole_set(8)


def fault(folder: Path, config: Config = CONFIG) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        check_match(find_shards(folder), config, QUANTIZED)
    assert caught.value.code == "shard-foreign"
    return caught.value


def write_three(folder: Path, **changed: Any) -> None:
    """Three shards, the second one changed."""
    for k in (1, 2, 3):
        write_shard(folder, WHOLE, Shard(index=k, count=3), **(changed if k == 2 else {}))


def test_shards_of_one_run_match_whatever_the_output_folder_and_the_workers(tmp_path: Path) -> None:
    other = replace(CONFIG, output_dir="there", evaluation=replace(CONFIG.evaluation, workers=9))
    write_three(tmp_path, config=other, workers=9)
    check_match(find_shards(tmp_path), CONFIG, QUANTIZED)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"version": "0.0.9"}, f"the quantci version is 0.0.9 there, and {__version__} here."),
        ({"float_sha256": sha("a")}, f"the float model is {sha('a')[:12]}... there"),
        ({"quantized_sha256": sha("a")}, f"{QUANTIZED.quantized_model.sha256[:12]}... here."),
        ({"config_sha256": sha("a")}, f"{config_sha256(CONFIG)[:12]}... here."),
        ({"dataset_sha256": sha("a")}, f"the evaluation set is {sha('a')[:12]}... there"),
        ({"found": 9}, "the number of samples is 9 there, and 8 here."),
        ({"oracle": "litert-reference"}, "the oracle is litert-reference there, and tflm here."),
        (
            {"interpreters": dict.fromkeys(STEPS, "an interpreter 1.0") | {"int8-oracle": "TFLM\n2"}},
            r"the interpreter of the oracle is TFLM\n2 there, and an interpreter 1.0 here.",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_the_foreign_shard_is_named_with_what_differs(tmp_path: Path, changed: dict[str, Any], sentence: str) -> None:
    write_three(tmp_path, **changed)
    error = fault(tmp_path)
    assert error.cause.startswith("Shard 2 of 3 cannot be merged into this run: ")
    assert sentence in error.cause
    assert error.where == str(tmp_path / "evaluate-2-of-3.json")


def test_another_decoder_of_images_is_another_run(tmp_path: Path) -> None:
    write_three(tmp_path)
    path = tmp_path / "evaluate-1-of-3.json"
    record = read(path, ShardRecord)
    tools = {**record.provenance.tools, "pillow": "10.4.0"}
    write(path, replace(record, provenance=replace(record.provenance, tools=tools)))
    assert "Shard 1 of 3" in fault(tmp_path).cause
    assert "the version of pillow is 10.4.0 there, and not known here." in fault(tmp_path).cause


def test_a_merge_with_other_options_names_all_shards(tmp_path: Path) -> None:
    write_three(tmp_path)
    error = fault(tmp_path, replace(CONFIG, evaluation=replace(CONFIG.evaluation, seed=1)))
    assert error.cause.startswith("Shards 1, 2 and 3 of 3 cannot be merged into this run: the configuration is ")
