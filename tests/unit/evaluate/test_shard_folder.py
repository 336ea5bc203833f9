"""Which shards are there: what lacks, what is there twice and what failed is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.unit.evaluate.sharded import whole_set, write_shard, write_shards

from quantci.errors import QuantciError, ToolError
from quantci.evaluate.shard_folder import check_complete, find_shards, name_shards
from quantci.records.base import read, write
from quantci.records.shard import Shard, ShardRecord
from quantci.records.stage import Failure, Status

WHOLE = whole_set(8)


def fault(folder: Path) -> QuantciError:
    with pytest.raises(QuantciError) as caught:
        check_complete(find_shards(folder))
    return caught.value


def fail(path: Path, status: Status, code: str) -> None:
    """Make this the record of a shard that failed."""
    failure = Failure(code=code, cause="It is\x1b[31m red.", where="w", remedy="Fix it.")
    write(path, replace(read(path, ShardRecord), status=status, failure=failure, result=None))


def test_shards_are_found_in_the_folder_and_in_those_that_artifacts_make(tmp_path: Path) -> None:
    for k, place in enumerate(("", "shard-1", "shard-0", "shard-2"), 1):
        write_shard(tmp_path / place, WHOLE, Shard(index=k, count=4))
    found = find_shards(tmp_path)
    assert [one.shard.index for one in found] == [1, 2, 3, 4]
    assert [one.path.parent.name for one in found[1:]] == ["shard-1", "shard-0", "shard-2"]
    check_complete(found)


def test_other_files_and_deeper_folders_are_left_alone(tmp_path: Path) -> None:
    write_shards(tmp_path, WHOLE, 1)
    (tmp_path / "evaluate.json").write_text("no")
    (tmp_path / "evaluate-01-of-2.json").write_text("no")
    (tmp_path / "evaluate-1-of-3.json.old").write_text("no")
    (tmp_path / "evaluate-9-of-9.json").mkdir()
    write_shards(tmp_path / "a" / "b", WHOLE, 2)
    assert len(find_shards(tmp_path)) == 1


@pytest.mark.parametrize("name", ["", "gone", "file"])
def test_no_shard_at_all(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    error = fault(tmp_path / name)
    assert (error.code, error.where) == ("shard-missing", str(tmp_path / name))
    assert "--shard 1/4" in error.remedy


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        ([1, 2, 4], "Shard 3 of 4 is missing."),
        ([1, 3], "Shards 2 and 4 of 4 are missing."),
        ([4], "Shards 1, 2 and 3 of 4 are missing."),
    ],
)
def test_missing_shards_are_named(tmp_path: Path, kept: list[int], sentence: str) -> None:
    for k in kept:
        write_shard(tmp_path, WHOLE, Shard(index=k, count=4))
    error = fault(tmp_path)
    assert (error.code, error.cause) == ("shard-missing", sentence)


def test_many_numbers_are_cut() -> None:
    assert name_shards(range(1, 9), 9) == "Shards 1, 2, 3, 4, 5 and 3 more of 9"


def test_a_double_shard_is_named_with_its_places(tmp_path: Path) -> None:
    write_shards(tmp_path, WHOLE, 2)
    write_shard(tmp_path / "again", WHOLE, Shard(index=2, count=2))
    error = fault(tmp_path)
    assert error.code == "shard-double"
    assert error.cause.startswith("Shard 2 of 2 was found 2 times: ")
    assert str(tmp_path / "again" / "evaluate-2-of-2.json") in error.cause
    assert str(tmp_path / "evaluate-2-of-2.json") in error.cause


def test_shards_of_two_divisions_are_not_mixed(tmp_path: Path) -> None:
    write_shards(tmp_path, WHOLE, 3)
    write_shard(tmp_path, WHOLE, Shard(index=1, count=2))
    error = fault(tmp_path)
    assert error.code == "shard-foreign"
    assert error.where == str(tmp_path / "evaluate-1-of-2.json")
    assert "which are 3" in error.cause


def test_a_renamed_record_is_foreign(tmp_path: Path) -> None:
    write_shards(tmp_path, WHOLE, 2)
    (tmp_path / "evaluate-1-of-2.json").replace(tmp_path / "evaluate-2-of-2.json")
    error = fault(tmp_path)
    assert error.code == "shard-foreign"
    assert "shard 1 of 2 under another name" in error.cause


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [("data_rejected", "tensor-size", 2), ("tool_error", "out-of-memory", 4), ("cancelled", "cancelled", 4)],
)
def test_the_fault_of_a_shard_is_the_fault_of_the_whole(
    tmp_path: Path, status: Status, code: str, exit_code: int
) -> None:
    """Also where another one is missing: that one may never have been run because of it."""
    write_shard(tmp_path, WHOLE, Shard(index=1, count=3))
    fail(write_shard(tmp_path, WHOLE, Shard(index=2, count=3)), status, code)
    error = fault(tmp_path)
    assert (error.code, error.exit_code) == ("shard-failed", exit_code)
    assert error.cause == rf"Shard 2 of 3 did not finish: It is\x1b[31m red. [{code}]"
    assert "Fix it." in error.remedy


@pytest.mark.parametrize("text", ["", "{}", "[" * 100_000, '{"schema_version": 2}'])
def test_a_record_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "evaluate-1-of-2.json").write_text(text)
    with pytest.raises(ToolError, match=re.escape("evaluate-1-of-2.json: This is not a valid ShardRecord")):
        find_shards(tmp_path)


def test_a_record_larger_than_any_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "evaluate-1-of-2.json").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(ToolError, match="larger than the record of a shard"):
        find_shards(tmp_path)


def test_a_found_number_that_no_set_has_is_refused(tmp_path: Path) -> None:
    path = write_shard(tmp_path, WHOLE, Shard(index=1, count=1))
    path.write_text(path.read_text().replace('"found": 8', '"found": 1000000000000'))
    with pytest.raises(ToolError, match=r"<= 2000000.*\$.result.found"):
        find_shards(tmp_path)
