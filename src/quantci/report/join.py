"""Join the records of one candidate into its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from quantci.errors import ConfigError
from quantci.records.gates_config import GatesConfig
from quantci.records.report import GateChange, GateResult, Report, StageOutcome
from quantci.records.stage import Advice, Failure, Provenance, Status
from quantci.records.stages import BENCH, STAGES, Stage
from quantci.report import device_job as jobs
from quantci.report.baseline import Parts, compare
from quantci.report.gates.judge import Base, judge
from quantci.report.gates.moved import gate_changes
from quantci.report.verdict import Fault, decide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantci.records.config import Config
    from quantci.records.origin import ReportOrigin


def build_report(
    *,
    config: Config | None,
    records: Mapping[str, Any],
    baseline: Report | None,
    provenance: Provenance,
    title: str,
    origin: ReportOrigin | None = None,
    base_commit: str = "",
    baseline_failure: Failure | None = None,
    failure: Failure | None = None,
    status: str = "config_rejected",
    device_job: jobs.DeviceJob = "",
) -> Report:
    """The report of what there is: a stage that failed or did not run leaves its part null, the rest stands.

    `records` are those of the stages, by name; None is one that is not there. `failure` is a fault outside of the
    stages, and `status` its kind. `baseline_failure` says why the baseline that was asked for is missing; it costs the
    candidate nothing. `base_commit` is what the base branch stood at. `device_job` is how it stands with the job that
    was to run the model on a device.

    Raises:
        ConfigError: `mixed-records`: the records do not belong to one model.
    """
    found = _of_this_run(records)
    results = {stage.name: record.result for stage, record in found.items()}
    check_same_model(results)
    parts = Parts(
        quantize=results.get("quantize"),
        evaluate=results.get("evaluate"),
        embed=results.get("embed"),
        quantci_version=provenance.quantci_version,
        bench=results.get("bench"),
        no_latency=_why_no_latency(found.get(BENCH), device_job),
    )
    changes = compare(parts, baseline, base_commit) if baseline else None
    base = Base(baseline, changes) if baseline and changes else None
    judged = judge(config.gates if config else GatesConfig(), parts, config.target if config else None, base)
    gates = judged.results
    deciding = [stage for stage in STAGES if stage.decides]
    if config is None and not any(stage in found for stage in deciding):
        gates = []  # nothing was asked and nothing was found
    refused = [Failure.of(refusal) for refusal in judged.refusals]
    moved, base_gates = _by_the_base(config, parts, base)
    faults = [
        *([Fault("", msgspec.convert(status, Status), failure)] if failure else []),
        *(
            Fault(stage.name, record.status, record.failure)
            for stage, record in found.items()
            if _counts(stage, record)
        ),
        *(Fault("", "config_rejected", failure) for failure in refused),
    ]
    device = found.get(BENCH)
    of_bench = _outcome(BENCH, device) if device else jobs.outcome(device_job, provenance.created_at)
    stages = [*(_outcome(stage, found.get(stage)) for stage in deciding), of_bench]
    doubts = [doubt for part in (parts.evaluate, parts.quantize) if part for doubt in part.reference]
    decision = decide(stages, gates, faults[0] if faults else None, parts.embed, base_gates, moved, doubts)
    return Report(
        schema_version=1,
        stage="report",
        status=decision.status,
        failure=faults[0].failure if faults else None,
        provenance=provenance,
        title=title,
        origin=origin,
        config=config,
        verdict=decision.verdict,
        verdict_reason=decision.reason,
        stages=stages,
        gates=gates,
        base_gates=base_gates,
        gate_changes=moved,
        not_judged=judged.not_judged,
        **{stage.name: results.get(stage.name) for stage in STAGES},
        device_latency_us=parts.bench.latency.median_us if parts.bench and parts.bench.latency else None,
        device_latency_reason=parts.no_latency,
        baseline=changes,
        advice=[
            *_as_advice(baseline_failure or (parts.evaluate.base_failure if parts.evaluate else None)),
            *(advice for fault in faults[1:] for advice in _as_advice(fault.failure)),
            *(
                advice
                for stage, record in found.items()
                if not _counts(stage, record)
                for advice in _as_advice(record.failure, f"quantci {stage.name} did not finish: ")
            ),
            *_as_advice(of_bench.failure if device_job and not device else None),
        ],
    )


def _counts(stage: Stage[Any], record: Any) -> bool:
    """Whether a stage's failure says something of the model or leaves it open: of a device, that it cannot run it."""
    return record.failure is not None and (stage.decides or (stage is BENCH and record.status == "model_rejected"))


def _of_this_run(records: Mapping[str, Any]) -> dict[Stage[Any], Any]:
    """The records that are there, without those that started from a stage that has failed since."""
    found: dict[Stage[Any], Any] = {}
    failed: set[str] = set()
    for stage in STAGES:
        record = records.get(stage.name)
        if failed & {*stage.reads}:
            failed.add(stage.name)
        elif record is not None:
            found[stage] = record
            failed |= set() if record.result is not None else {stage.name}
    return found


def check_same_model(results: Mapping[str, Any]) -> None:
    """Refuse records of different models: stale files of an earlier run would give a report about nothing.

    Raises:
        ConfigError: `mixed-records`.
    """
    order = [stage.name for stage in sorted(STAGES, key=lambda stage: not stage.decides)]
    known = [(name, results[name].models) for name in order if results.get(name) is not None]
    for place, (stale, its) in enumerate(known):
        for fresh, other in known[:place]:
            for one, another in zip(its, other, strict=True):
                if one is not None and another is not None and one != another:
                    raise _mixed(stale, one, fresh, another)


def _mixed(stale: str, its: str, fresh: str, other: str) -> ConfigError:
    return ConfigError(
        "mixed-records",
        f"{stale}.json is about the model {its[:12]}, {fresh}.json about {other[:12]}: they are from different runs.",
        where=f"{stale}.json",
        remedy=f"Run the stage again: quantci {stale}.",
    )


def _by_the_base(config: Config | None, parts: Parts, base: Base | None) -> tuple[list[GateChange], list[GateResult]]:
    """What this change does to the gates of the base branch, and what those say of this change.

    One that the evaluation set cannot decide does not pass. Another chip is no looser gate: the room for the model is
    then that of the new one.
    """
    before = base.report.config if base else None
    moved = gate_changes(before, config) if before and config else []
    if not moved or before is None or config is None:
        return [], []
    target = before.target if before.target.chip == config.target.chip else config.target
    judged = judge(before.gates, parts, target, base)
    refused = [
        GateResult(
            name=refusal.where.removeprefix("gates."),
            limit=getattr(before.gates, refusal.where.removeprefix("gates.")),
            value=None,
            kind="not_measured",
            verdict="inconclusive",
            reason=refusal.cause,
        )
        for refusal in judged.refusals
    ]
    return moved, [*judged.results, *refused]


def _outcome(stage: Stage[Any], record: Any) -> StageOutcome:
    if record is None:
        return StageOutcome(stage=stage.name, status="not_run", failure=None, duration_s=None)
    return StageOutcome(
        stage=stage.name, status=record.status, failure=record.failure, duration_s=record.provenance.duration_s
    )


def _why_no_latency(record: Any, device_job: jobs.DeviceJob) -> str:
    """The end of a sentence; empty where a board measured it."""
    if record is None:
        return jobs.why_no_latency(device_job)
    if record.result is None:
        return f"bench did not finish ({record.failure.code})" if record.failure else "bench did not finish"
    reason: str = record.result.latency_reason
    return reason


def _as_advice(failure: Failure | None, who: str = "") -> list[Advice]:
    return [Advice(code=failure.code, text=f"{who}{failure.cause} {failure.remedy}")] if failure else []
