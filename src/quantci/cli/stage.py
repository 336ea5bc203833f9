"""Run one stage: whatever happens, one record of it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from quantci.cli.inputs import failure_of
from quantci.errors import fault_of
from quantci.records.base import SCHEMA_VERSION
from quantci.records.stages import outdated_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.cli.output_folder import OutputFolder
    from quantci.errors import QuantciError
    from quantci.records.shard import Shard
    from quantci.records.stages import Stage

T = TypeVar("T")


def run_stage(stage: Stage[Any], folder: OutputFolder, work: Callable[[], T], shard: Shard | None = None) -> T:
    """Do `work` and write the stage's record. What is out of date as soon as it runs again is removed first.

    Of a shard its own record is written, and the other shards' files are left alone: they may be of the same run.

    Returns:
        What `work` returned.

    Raises:
        QuantciError: what `work` raised, after the record with the failure was written.
    """
    started_s = folder.begin()
    folder.remove(outdated_by(stage) | ({shard.record_file, shard.outputs_file} if shard else set()))

    def record(fault: QuantciError | None, result: T | None) -> None:
        head: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "status": fault.status if fault else "ok",
            "failure": failure_of(fault) if fault else None,
            "provenance": folder.provenance(started_s),
            "result": result,
        }
        if shard is None:
            folder.write(stage.record_file, stage.record_type()(**head, stage=stage.name))
        else:
            from quantci.records.shard import ShardRecord

            folder.write(shard.record_file, ShardRecord(**head, stage="evaluate-shard", shard=shard))

    try:
        result = work()
    except (Exception, KeyboardInterrupt) as error:
        record(fault_of(error), None)
        raise
    record(None, result)
    return result
