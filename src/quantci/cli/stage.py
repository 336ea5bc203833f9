"""Run one stage: whatever happens, one record of it is written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from quantci.cli.cancel import cancelled
from quantci.cli.inputs import as_called
from quantci.cli.provenance import Origin
from quantci.errors import QuantciError, ToolError, fault_of
from quantci.records.base import SCHEMA_VERSION, write
from quantci.records.stage import Failure
from quantci.records.stages import outdated_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from quantci.cli.settings import Settings
    from quantci.records.shard import Shard
    from quantci.records.stages import Stage

T = TypeVar("T")


def run_stage(stage: Stage[Any], settings: Settings, work: Callable[[], T], shard: Shard | None = None) -> T:
    """Do `work` and write the stage's record. What is out of date as soon as it runs again is removed first.

    Of a shard its own record is written, and the other shards' files are left alone: they may be of the same run.

    Returns:
        What `work` returned.

    Raises:
        QuantciError: what `work` raised, after the record with the failure was written.
    """
    origin = Origin(settings.base, settings.sha256)
    own = (shard.record_file, shard.outputs_file) if shard else ()
    remove_records(settings, *outdated_by(stage), *own)
    try:
        result = work()
    except QuantciError as error:
        _write(stage, settings, origin, shard, error=error)
        raise
    except KeyboardInterrupt:
        _write(stage, settings, origin, shard, error=cancelled())
        raise
    except Exception as error:
        _write(stage, settings, origin, shard, error=fault_of(error))
        raise
    _write(stage, settings, origin, shard, result=result)
    return result


def remove_records(settings: Settings, *patterns: str) -> None:
    """Remove files of an earlier run from the output folder, so that nothing out of date is taken for this run's.

    Raises:
        ToolError: `unwritable`.
    """
    for path in [path for pattern in patterns for path in _matching(settings.output, pattern)]:
        try:
            path.unlink(missing_ok=True)
        except NotADirectoryError:
            continue  # the output folder is a file: writing into it says so
        except OSError as error:
            raise ToolError(
                "unwritable",
                f"Cannot replace this file of an earlier run: {error.strerror}.",
                where=str(path),
                remedy="Remove it, or choose another folder with --output-dir.",
            ) from None


def _matching(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern)) if "*" in pattern else [folder / pattern]


def failure_of(error: QuantciError) -> Failure:
    """A fault as it stands in a record."""
    error = as_called(error, os.environ)
    return Failure(code=error.code, cause=error.cause, where=error.where, remedy=error.remedy)


def _write(
    stage: Stage[Any],
    settings: Settings,
    origin: Origin,
    shard: Shard | None,
    *,
    result: Any = None,
    error: QuantciError | None = None,
) -> None:
    head: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "status": error.status if error else "ok",
        "failure": failure_of(error) if error else None,
        "provenance": origin.provenance(),
    }
    if shard is None:
        write(settings.output / stage.record_file, stage.record_type()(**head, stage=stage.name, result=result))
    else:
        from quantci.records.shard import ShardRecord

        record = ShardRecord(**head, stage="evaluate-shard", shard=shard, result=result)
        write(settings.output / shard.record_file, record)
