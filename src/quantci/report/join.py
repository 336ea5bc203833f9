"""Join the records of one candidate into its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from quantci.errors import ConfigError
from quantci.records.config import GatesConfig
from quantci.records.report import GateResult, Report, StageOutcome
from quantci.records.stage import Advice, Failure, Provenance, Status
from quantci.report.baseline import Parts, compare
from quantci.report.gates import NO_DEVICE, judge
from quantci.report.verdict import Fault, decide

if TYPE_CHECKING:
    from quantci.records.config import Config
    from quantci.records.diagnose import DiagnoseRecord
    from quantci.records.embed import EmbedRecord
    from quantci.records.evaluate import EvaluateRecord
    from quantci.records.origin import ReportOrigin
    from quantci.records.quantize import QuantizeRecord

    AnyRecord: TypeAlias = QuantizeRecord | EvaluateRecord | EmbedRecord

BENCH = StageOutcome(
    stage="bench",
    status="not_run",
    failure=Failure(
        code="no-device",
        cause="No device took part in this run.",
        where="",
        remedy="Read latency as not measured; sizes and accuracy do not need a device.",
    ),
    duration_s=None,
)


def build_report(
    *,
    config: Config | None,
    quantize: QuantizeRecord | None,
    evaluate: EvaluateRecord | None,
    embed: EmbedRecord | None,
    baseline: Report | None,
    provenance: Provenance,
    title: str,
    origin: ReportOrigin | None = None,
    base_commit: str = "",
    diagnose: DiagnoseRecord | None = None,
    baseline_failure: Failure | None = None,
    failure: Failure | None = None,
    status: str = "config_rejected",
) -> Report:
    """The report of what there is: a stage that failed or did not run leaves its part null, the rest stands.

    `failure` is a fault outside of the three stages, and `status` its kind. `baseline_failure` says why the baseline
    that was asked for is missing; it costs the candidate nothing, and neither does a diagnosis that failed.
    `base_commit` is what the base branch stood at.

    Raises:
        ConfigError: `mixed-records`: the records do not belong to one model.
    """
    if quantize is not None and quantize.result is None:
        evaluate = embed = diagnose = None  # what is there is about the model of an earlier run
    parts = Parts(
        quantize=quantize.result if quantize else None,
        evaluate=evaluate.result if evaluate else None,
        embed=embed.result if embed else None,
        quantci_version=provenance.quantci_version,
    )
    check_same_model(quantize, evaluate, embed)
    check_diagnosed(quantize, evaluate, embed, diagnose)
    gates, refused = _judge(config.gates if config else GatesConfig(), parts)
    stages = [_outcome("quantize", quantize), _outcome("evaluate", evaluate), _outcome("embed", embed), BENCH]
    if config is None and not any((quantize, evaluate, embed)):
        gates = []  # nothing was asked and nothing was found
    faults = [
        *([Fault("", msgspec.convert(status, Status), failure)] if failure else []),
        *(
            Fault(stage, record.status, record.failure)
            for stage, record in (("quantize", quantize), ("evaluate", evaluate), ("embed", embed))
            if record is not None and record.failure is not None
        ),
        *([Fault("", "config_rejected", refused)] if refused else []),
    ]
    decision = decide(stages, gates, faults[0] if faults else None, parts.embed)
    return Report(
        schema_version=1,
        stage="report",
        status=decision.status,
        failure=faults[0].failure if faults else None,
        provenance=provenance,
        title=title,
        origin=origin,
        verdict=decision.verdict,
        verdict_reason=decision.reason,
        stages=stages,
        gates=gates,
        quantize=parts.quantize,
        evaluate=parts.evaluate,
        embed=parts.embed,
        diagnose=diagnose.result if diagnose else None,
        device_latency_us=None,
        device_latency_reason=NO_DEVICE,
        baseline=compare(parts, baseline, base_commit) if baseline else None,
        advice=[
            _as_advice(fault)
            for fault in (
                baseline_failure,
                *(fault.failure for fault in faults[1:]),
                _undiagnosed(diagnose),
            )
            if fault
        ],
    )


def check_same_model(
    quantize: QuantizeRecord | None, evaluate: EvaluateRecord | None, embed: EmbedRecord | None
) -> None:
    """Refuse records of different models: stale files of an earlier run would give a report about nothing.

    Raises:
        ConfigError: `mixed-records`.
    """
    evaluated = evaluate.result.quantized_sha256 if evaluate and evaluate.result else None
    embedded = embed.result.model_sha256 if embed and embed.result else None
    quantized = quantize.result.quantized_model.sha256 if quantize and quantize.result else None
    if quantized is not None:
        if evaluated not in {None, quantized}:
            raise _mixed("evaluate", str(evaluated), "quantize", quantized)
        if embedded not in {None, quantized}:
            raise _mixed("embed", str(embedded), "quantize", quantized)
    elif evaluated is not None and embedded not in {None, evaluated}:
        raise _mixed("embed", str(embedded), "evaluate", evaluated)
    if quantize and quantize.result and evaluate and evaluate.result:
        given, used = quantize.result.float_model.sha256, evaluate.result.float_sha256
        if given != used:
            raise _mixed("evaluate", used, "quantize", given)


def check_diagnosed(
    quantize: QuantizeRecord | None,
    evaluate: EvaluateRecord | None,
    embed: EmbedRecord | None,
    diagnose: DiagnoseRecord | None,
) -> None:
    """Refuse a diagnosis of another model than the other records are about.

    Raises:
        ConfigError: `mixed-records`.
    """
    if diagnose is None or diagnose.result is None:
        return
    float_found, found = diagnose.result.float_sha256, diagnose.result.quantized_sha256
    others = [
        ("quantize", quantize.result.quantized_model.sha256, found) if quantize and quantize.result else None,
        ("quantize", quantize.result.float_model.sha256, float_found) if quantize and quantize.result else None,
        ("evaluate", evaluate.result.quantized_sha256, found) if evaluate and evaluate.result else None,
        ("embed", embed.result.model_sha256, found) if embed and embed.result else None,
    ]
    for stage, other, its in filter(None, others):
        if other != its:
            raise _mixed("diagnose", its, stage, other)


def _mixed(stale: str, its: str, fresh: str, other: str) -> ConfigError:
    return ConfigError(
        "mixed-records",
        f"{stale}.json is about the model {its[:12]}, {fresh}.json about {other[:12]}: they are from different runs.",
        where=f"{stale}.json",
        remedy=f"Run the stage again: quantci {stale}.",
    )


def _judge(gates: GatesConfig, parts: Parts) -> tuple[list[GateResult], Failure | None]:
    try:
        return judge(gates, parts.quantize, parts.evaluate, parts.embed), None
    except ConfigError as refusal:
        others = msgspec.structs.replace(gates, max_metric_drop=None)
        results = judge(others, parts.quantize, parts.evaluate, parts.embed)
        failure = Failure(code=refusal.code, cause=refusal.cause, where=refusal.where, remedy=refusal.remedy)
        return results, failure


def _outcome(stage: Literal["quantize", "evaluate", "embed"], record: AnyRecord | None) -> StageOutcome:
    if record is None:
        return StageOutcome(stage=stage, status="not_run", failure=None, duration_s=None)
    return StageOutcome(
        stage=stage, status=record.status, failure=record.failure, duration_s=record.provenance.duration_s
    )


def _undiagnosed(diagnose: DiagnoseRecord | None) -> Failure | None:
    """Why the report does not say where accuracy goes."""
    failure = diagnose.failure if diagnose else None
    if failure is None:
        return None
    return msgspec.structs.replace(failure, cause=f"quantci diagnose did not finish: {failure.cause}")


def _as_advice(failure: Failure) -> Advice:
    return Advice(code=failure.code, text=f"{failure.cause} {failure.remedy}")
