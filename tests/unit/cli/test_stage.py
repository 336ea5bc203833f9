"""Whatever happens to a stage, one record of it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from quantci.cli import provenance
from quantci.cli.output_folder import OutputFolder
from quantci.cli.stage import run_stage
from quantci.errors import ModelRejected, ToolError
from quantci.records.base import read
from quantci.records.embed import EmbedRecord
from quantci.records.shard import Shard, ShardRecord
from quantci.records.stages import EMBED, EVALUATE, QUANTIZE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OutputFolder:
    """An output folder below tmp_path, that asks no git."""
    monkeypatch.setattr(provenance, "_ask_git", lambda _base: None)
    return OutputFolder(tmp_path / "build" / "quantci", tmp_path, "0" * 64)


def record(folder: OutputFolder) -> EmbedRecord:
    return read(folder.path / "embed.json", EmbedRecord)


def test_a_fault_is_recorded_and_raised(folder: OutputFolder) -> None:
    def work() -> None:
        raise ModelRejected("empty", "Empty.", where="m", remedy="Export.")

    with pytest.raises(ModelRejected):
        run_stage(EMBED, folder, work)
    written = record(folder)
    assert (written.status, written.result) == ("model_rejected", None)
    assert written.failure is not None
    assert (written.failure.code, written.failure.where) == ("empty", "m")


def test_a_stop_is_recorded_as_cancelled(folder: OutputFolder) -> None:
    def work() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_stage(EMBED, folder, work)
    assert record(folder).status == "cancelled"


def test_what_is_out_of_date_is_removed_before_a_stage_runs(folder: OutputFolder) -> None:
    folder.path.mkdir(parents=True)
    for name in ("quantize.json", "evaluate.json", "embed.json", "report.json", "report.md", "model_quant.tflite"):
        (folder.path / name).write_text("old")

    def work() -> None:
        assert sorted(path.name for path in folder.path.iterdir()) == [
            "evaluate.json",
            "model_quant.tflite",
            "quantize.json",
        ]
        raise ModelRejected("empty", "Empty.", where="m", remedy="Export.")

    with pytest.raises(ModelRejected):
        run_stage(EMBED, folder, work)
    with pytest.raises(ModelRejected):
        run_stage(QUANTIZE, folder, lambda: (_ for _ in ()).throw(ModelRejected("empty", "", remedy="")))
    assert sorted(path.name for path in folder.path.iterdir()) == ["model_quant.tflite", "quantize.json"]


SHARD = Shard(index=2, count=4)
OTHERS = ["evaluate-1-of-4.json", "evaluate-1-of-4.npz", "evaluate-2-of-3.json"]


def test_a_shard_has_a_record_of_its_own_and_leaves_the_others_alone(folder: OutputFolder) -> None:
    folder.path.mkdir(parents=True)
    for name in (*OTHERS, SHARD.record_file, SHARD.outputs_file, "evaluate.json", "report.json", "report.md"):
        (folder.path / name).write_text("old")

    def work() -> None:
        assert sorted(path.name for path in folder.path.iterdir()) == OTHERS
        raise ModelRejected("empty", "Empty.", where="m", remedy="Export.")

    with pytest.raises(ModelRejected):
        run_stage(EVALUATE, folder, work, SHARD)
    assert sorted(path.name for path in folder.path.iterdir()) == sorted([*OTHERS, SHARD.record_file])
    written = read(folder.path / SHARD.record_file, ShardRecord)
    assert (written.shard, written.status, written.result) == (SHARD, "model_rejected", None)


def test_quantize_makes_all_shards_out_of_date_and_evaluate_does_not(folder: OutputFolder) -> None:
    folder.path.mkdir(parents=True)
    for name in OTHERS:
        (folder.path / name).write_text("old")

    def work() -> None:
        raise ModelRejected("empty", "Empty.", where="m", remedy="Export.")

    with pytest.raises(ModelRejected):
        run_stage(EVALUATE, folder, work)
    assert sorted(path.name for path in folder.path.glob("evaluate-*")) == OTHERS
    with pytest.raises(ModelRejected):
        run_stage(QUANTIZE, folder, work)
    assert [path.name for path in folder.path.iterdir()] == ["quantize.json"]


def test_an_output_folder_that_is_a_file_is_told(folder: OutputFolder) -> None:
    folder.path.parent.mkdir(parents=True)
    folder.path.write_text("")
    for stage, shard in ((QUANTIZE, None), (EVALUATE, SHARD)):
        with pytest.raises(ToolError, match="unwritable"):
            run_stage(stage, folder, lambda: None, shard)


def test_a_bug_is_not_dressed_up_as_a_fault(folder: OutputFolder) -> None:
    def work() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_stage(EMBED, folder, work)
    failure = record(folder).failure
    assert failure is not None
    assert failure.code == "bug"
