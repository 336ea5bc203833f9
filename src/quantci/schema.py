"""JSON Schemas made from the records, and the check of JSON that comes from strangers."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import msgspec

from quantci.errors import ToolError
from quantci.records.board_figures import BoardFigures
from quantci.records.config import Config
from quantci.records.keras_model import KerasSummary
from quantci.records.latency import LatencyCoefficients
from quantci.records.model import ModelSummary
from quantci.records.report import Report
from quantci.records.shard import ShardRecord
from quantci.records.stages import STAGES

if TYPE_CHECKING:
    from quantci.records.base import Record

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

RECORDS: dict[str, type[Record]] = {
    "config": Config,
    "model": ModelSummary,
    "keras-model": KerasSummary,
    **{stage.name: stage.record_type() for stage in STAGES},
    "evaluate-shard": ShardRecord,
    "board-figures": BoardFigures,
    "latency-coefficients": LatencyCoefficients,
    "report": Report,
}


def schema_of(kind: type[Record]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a record."""
    schema = msgspec.json.schema(kind)
    for part in schema.get("$defs", {}).values():
        for name, tag in part.get("properties", {}).items():
            if name in {"task", "kind"} and "enum" in tag:  # msgspec's own tag of a union has no place for one
                tag.setdefault("description", "Tells which of its kinds this is.")
        if "description" in part:  # a docstring: from Python 3.13 on the compiler takes its indentation away
            part["description"] = inspect.cleandoc(part["description"])
    return {"$schema": _DIALECT, "title": f"quantci {kind.__name__}", **schema}


def schemas() -> dict[str, bytes]:
    """File name -> content of every schema."""
    return {
        f"{name}.schema.json": msgspec.json.format(msgspec.json.encode(schema_of(kind)), indent=2) + b"\n"
        for name, kind in RECORDS.items()
    }


def check(data: bytes, kind: type[Record], where: str) -> None:
    """Check JSON from a stranger against its schema.

    Raises:
        ToolError: `schema`, naming the JSON path of the fault that says most.
    """
    import jsonschema
    from jsonschema.exceptions import best_match

    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ToolError(
            "schema", f"This is not JSON: {error}.", where=where, remedy="Name a report.json that quantci wrote."
        ) from None
    validator = jsonschema.Draft202012Validator(schema_of(kind))
    fault = best_match(validator.iter_errors(document))
    if fault is not None:
        message = fault.message if len(fault.message) < 200 else fault.message[:200] + "..."
        raise ToolError(
            "schema",
            f"At {fault.json_path}: {message}.",
            where=where,
            remedy="Write it again with this version of quantci.",
        )
