"""What every stage's record has in common: how the stage ended, and where its numbers come from."""

from typing import Annotated, Literal, Self

from msgspec import Meta

from quantci.errors import QuantciError
from quantci.records.base import Record
from quantci.records.units import Seconds, Sha256

Status = Literal[
    "ok",
    "regression",
    "config_rejected",
    "model_rejected",
    "data_rejected",
    "board_error",
    "tool_error",
    "cancelled",
    "not_run",
]


class Failure(Record, frozen=True, kw_only=True):
    """Why a stage did not give a result."""

    code: Annotated[str, Meta(description="Stable kebab-case word of the fault.", pattern="^[a-z0-9-]+$")]
    cause: Annotated[str, Meta(description="One sentence: what is wrong.")]
    where: Annotated[str, Meta(description="File, key path, tensor or port; empty when there is none.")]
    remedy: Annotated[str, Meta(description="One sentence: what to do.")]

    @classmethod
    def of(cls, error: QuantciError) -> Self:
        """A fault as it stands in a record."""
        return cls(code=error.code, cause=error.cause, where=error.where, remedy=error.remedy)


class Advice(Record, frozen=True, kw_only=True):
    """A warning that does not stop the run."""

    code: Annotated[str, Meta(description="Stable kebab-case word of the warning.", pattern="^[a-z0-9-]+$")]
    text: Annotated[str, Meta(description="One sentence: what was noticed, and what to do.")]


class Provenance(Record, frozen=True, kw_only=True):
    """Where the numbers of a record come from."""

    quantci_version: Annotated[str, Meta(description="Version of quantci that wrote this record.")]
    created_at: Annotated[str, Meta(description="UTC time of writing, RFC 3339.")]
    git_commit: Annotated[str | None, Meta(description="Commit of the user's repository; null outside of one.")]
    config_sha256: Annotated[Sha256 | None, Meta(description="Digest of the effective configuration.")]
    tools: Annotated[dict[str, str], Meta(description="Versions of the packages that took part.")]
    host: Annotated[str, Meta(description="Operating system, machine and Python of the host.")]
    duration_s: Annotated[Seconds, Meta(description="Wall-clock time of the stage in seconds.")]


class StageRecord(Record, frozen=True, kw_only=True):
    """The head of every stage's record; `result` is null exactly when `failure` is set."""

    schema_version: Annotated[Literal[1], Meta(description="Version of this record's schema.")]
    status: Annotated[Status, Meta(description="How the stage ended.")]
    failure: Annotated[Failure | None, Meta(description="Why there is no result; null when there is one.")]
    provenance: Annotated[Provenance, Meta(description="Which quantci, commit and machine wrote it, and when.")]
