"""Run one stage: whatever happens, one record of it is written."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from quantci.cli.provenance import collect
from quantci.errors import Cancelled, QuantciError
from quantci.records.base import SCHEMA_VERSION, write
from quantci.records.embed import EmbedRecord
from quantci.records.evaluate import EvaluateRecord
from quantci.records.quantize import QuantizeRecord
from quantci.records.stage import Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from quantci.cli.settings import Settings

RECORDS = {"quantize": QuantizeRecord, "evaluate": EvaluateRecord, "embed": EmbedRecord}


def run_stage(name: str, settings: Settings, work: Callable[[], Any]) -> Any:
    """Do `work` and write `<name>.json`.

    Returns:
        What `work` returned.

    Raises:
        QuantciError: what `work` raised, after the record with the failure was written.
    """
    started_s = time.monotonic()
    try:
        result = work()
    except QuantciError as error:
        _write(name, settings, started_s, error=error)
        raise
    except KeyboardInterrupt:
        stopped = Cancelled("cancelled", "Stopped.", remedy="Run the command again to start over.")
        _write(name, settings, started_s, error=stopped)
        raise stopped from None
    _write(name, settings, started_s, result=result)
    return result


def failure_of(error: QuantciError) -> Failure:
    """A fault as it stands in a record."""
    return Failure(code=error.code, cause=error.cause, where=error.where, remedy=error.remedy)


def _write(
    name: str, settings: Settings, started_s: float, *, result: Any = None, error: QuantciError | None = None
) -> None:
    record = RECORDS[name](
        schema_version=SCHEMA_VERSION,
        status=error.status if error else "ok",
        failure=failure_of(error) if error else None,
        provenance=collect(settings.base, settings.sha256, time.monotonic() - started_s),
        stage=name,
        result=result,
    )
    write(settings.output / f"{name}.json", record)
