"""schemas/ is what the records say."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
from tests.golden import example_model
from tests.unit.evaluate.sharded import whole_set, write_shard

from quantci.errors import ToolError
from quantci.records.base import encode
from quantci.records.model import ModelSummary
from quantci.records.shard import Shard, ShardRecord
from quantci.schema import RECORDS, check, schema_of, schemas

FOLDER = Path(__file__).parents[2] / "schemas"


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_committed_schema_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_bytes() == schemas()[name], "run: quantci schema --write"


def test_there_is_no_schema_without_a_record() -> None:
    assert sorted(path.name for path in FOLDER.glob("*.json")) == sorted(schemas())


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_schemas_are_strict(name: str) -> None:
    schema = schema_of(RECORDS[name])
    jsonschema.Draft202012Validator.check_schema(schema)
    objects = [part for part in schema["$defs"].values() if part.get("type") == "object"]
    assert objects
    assert all(part["additionalProperties"] is False for part in objects)


def test_what_inspect_prints_has_a_schema() -> None:
    printed = encode(example_model("model.tflite", quantized=True))
    check(printed, ModelSummary, "model.json")
    with pytest.raises(ToolError, match=r"At \$\.ops\[0\]\.macs: 'many'"):
        check(printed.replace(b'"macs": 497664', b'"macs": "many"', 1), ModelSummary, "model.json")
    assert schema_of(RECORDS["model"])["title"] == "quantci ModelSummary"


def test_what_a_shard_writes_fits_its_schema(tmp_path: Path) -> None:
    written = write_shard(tmp_path, whole_set(6), Shard(index=2, count=2), unreadable=[3]).read_bytes()
    check(written, ShardRecord, "shard")
    with pytest.raises(ToolError, match=r"At \$\.shard\.index: 0 is less than the minimum of 1"):
        check(written.replace(b'"index": 2', b'"index": 0', 1), ShardRecord, "shard")


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_every_property_says_what_it_means(name: str) -> None:
    parts = schema_of(RECORDS[name])["$defs"]
    silent = [
        f"{kind}.{key}"
        for kind, part in parts.items()
        for key, value in part.get("properties", {}).items()
        if not value.get("description")
    ]
    assert silent == [], "give it a Meta(description=...) in records/, with its unit"
