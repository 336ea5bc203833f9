"""A device that has a job of its own: what the report says where that has not come, or gave nothing."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from quantci.records.report import StageOutcome
from quantci.records.stage import Failure

DeviceJob: TypeAlias = Literal["", "waiting", "success", "failure", "cancelled", "skipped"]

_CAUSES: Final[dict[DeviceJob, str]] = {
    "": "No device took part in this run.",
    "waiting": "The device was not measured: its job has been waiting since {since}.",
    "success": "The device was not measured: its job ended well, but left no bench.json.",
    "failure": "The device was not measured: its job failed, or no runner took it within a day.",
    "cancelled": "The device was not measured: its job was cancelled or took too long.",
    "skipped": "The device was not measured: its job was skipped.",
}
_REMEDIES: Final[dict[DeviceJob, str]] = {
    "": "Read latency as not measured; sizes and accuracy do not need a device.",
    "waiting": "Wait for a report with the device; if none comes, see whether its runner is online and approved.",
}
_LOOK: Final = "See the log of that job, and whether its runner is online; sizes and accuracy do not need a device."
_REASONS: Final[dict[DeviceJob, str]] = {"": "no device took part", "waiting": "the device's job has not ended"}


def outcome(job: DeviceJob, since: str) -> StageOutcome:
    """Of the stage bench without a record: a report that is silent about it would be read as if a device had run.

    Args:
        job: how it stands with the device's job.
        since: when the report is written.
    """
    failure = Failure(
        code="device-job" if job else "no-device",
        cause=_CAUSES[job].format(since=since),
        where="",
        remedy=_REMEDIES.get(job, _LOOK),
    )
    return StageOutcome(stage="bench", status="not_run", failure=failure, duration_s=None)


def why_no_latency(job: DeviceJob) -> str:
    """The end of a sentence."""
    return _REASONS.get(job, f"the device's job left no result ({job})")
