"""Candidate minus baseline, and what may not be compared."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from quantci.bench.fingerprint import differences
from quantci.data.culprits import printable
from quantci.errors import ToolError
from quantci.records.base import SCHEMA_VERSION, decode
from quantci.records.baseline_folder import REPORT_FILE, read_file
from quantci.records.report import MOST_BYTES, BaselineComparison, LayerChange, OpChange, Report
from quantci.report.device_job import why_no_latency
from quantci.report.latency import base_latency, estimate_of
from quantci.report.wording import metric_name, metric_of

if TYPE_CHECKING:
    from pathlib import Path

    from quantci.records.against_base import AgainstBase
    from quantci.records.bench import BenchResult
    from quantci.records.embed import EmbedResult
    from quantci.records.evaluate import EvaluateResult
    from quantci.records.quantize import QuantizeResult


class Parts(NamedTuple):
    """The results of one side."""

    quantize: QuantizeResult | None
    evaluate: EvaluateResult | None
    embed: EmbedResult | None
    quantci_version: str
    bench: BenchResult | None = None
    no_latency: str = why_no_latency("")  # why nothing was measured on a board, where it was not


_SOON_CHECKED: Final = 1_000_000  # bytes: jsonschema takes a minute for a large report


class _Version(msgspec.Struct):
    schema_version: int = 0


class _TooNew(msgspec.ValidationError):
    """A later quantci wrote it."""


def read_baseline(folder: Path) -> Report:
    """The report in a baseline folder.

    Raises:
        ConfigError: `baseline-file`: there is none that can be read.
        ToolError: `schema` naming the JSON path: another version wrote it, or it is not a report.
    """
    from quantci.schema import check

    data = read_file(folder, REPORT_FILE, MOST_BYTES)
    where = str(folder / REPORT_FILE)
    try:
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version > SCHEMA_VERSION:
            message = f"schema version {version} is newer than {SCHEMA_VERSION} - at `$.schema_version`"
            raise _TooNew(message)
        return decode(data, Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = f"{error}."
        if not isinstance(error, _TooNew) and len(data) < _SOON_CHECKED:
            # Decoding is as strict and a hundred times faster; the schema says better where the fault is.
            try:
                check(data, Report, where)
            except ToolError as fault:
                reason = fault.cause
        raise _no_report(reason, where) from error


def _no_report(reason: str, where: str) -> ToolError:
    return ToolError(
        "schema",
        f"The baseline is not a report that this quantci can read: {reason}",
        where=where,
        remedy="Make the baseline again on the base branch with this version of quantci.",
    )


def compare(candidate: Parts, baseline: Report, base_commit: str = "") -> BaselineComparison:
    """Every number that both sides have and that may be compared.

    Args:
        candidate: this change's side.
        baseline: the other side.
        base_commit: what the base branch stood at; empty where that is not known.
    """
    notes: list[str] = []
    measured = baseline.origin.commit if baseline.origin else None
    if base_commit and measured and measured != base_commit:
        notes.append(
            f"The baseline is of the commit `{measured[:12]}`, but the base branch was at `{base_commit[:12]}`."
        )
    theirs = baseline.provenance.quantci_version
    if theirs != candidate.quantci_version:
        notes.append(f"The baseline was made by quantci {theirs}, this change by {candidate.quantci_version}.")
    mine, old = candidate.quantize, baseline.quantize
    same_dataset = (
        candidate.evaluate is not None
        and baseline.evaluate is not None
        and candidate.evaluate.dataset.sha256 == baseline.evaluate.dataset.sha256
    )
    against = _against(candidate.evaluate, baseline, notes)
    if mine is None or old is None:
        notes.append("Model size, ops and layers are not compared: quantize gave no result on one side.")
    arena = candidate.embed.arena if candidate.embed else None
    old_arena = baseline.embed.arena if baseline.embed else None
    if arena is None or old_arena is None:
        notes.append("The tensor arena is not compared: there is no estimate on one side.")
    latency = estimate_of(baseline.embed)
    notes += _device_notes(candidate.bench, baseline.bench)
    macs = mine.quantized_model.macs if mine else None
    old_macs = old.quantized_model.macs if old else None
    return BaselineComparison(
        quantci_version=theirs,
        git_commit=baseline.provenance.git_commit,
        branch=baseline.origin.branch if baseline.origin else None,
        quantized_sha256=old.quantized_model.sha256 if old else None,
        same_model=mine is not None and old is not None and mine.quantized_model.sha256 == old.quantized_model.sha256,
        same_dataset=same_dataset,
        metric_delta=against.paired.delta if against else None,
        metric_interval=against.paired.interval if against else None,
        float_metric_delta=_float_delta(candidate, baseline) if same_dataset else None,
        model_bytes_delta=mine.quantized_model.file_bytes - old.quantized_model.file_bytes if mine and old else None,
        arena_bytes_delta=arena.recommended_bytes - old_arena.recommended_bytes if arena and old_arena else None,
        latency_us=latency.total_us if latency else None,
        latency_clock_hz=latency.clock_hz if latency else None,
        device_latency_us=base_latency(candidate.bench, baseline),
        macs_delta=macs - old_macs if macs is not None and old_macs is not None else None,
        ops=_op_changes(mine, old) if mine and old else [],
        layers=_layer_changes(mine, old) if mine and old else [],
        not_comparable=notes,
    )


def _device_notes(mine: BenchResult | None, old: BenchResult | None) -> list[str]:
    """Why the latency on the device is not compared, where it was measured on both sides."""
    if mine is None or mine.latency is None:
        return []
    if mine.against_base is not None:
        return []  # measured in turns in one session
    notes = [f"The base's model was not measured. {mine.base_failure.cause}"] if mine.base_failure else []
    if old is None or old.latency is None:
        return notes
    apart = differences(old.device.fingerprint, mine.device.fingerprint)
    if old.device.board_id != mine.device.board_id:
        apart.insert(0, f"the board was {printable(str(old.device.board_id))} and is {mine.device.board_id}")
    told = [f"The latency on the device is not comparable: {printable('; '.join(apart), 500)}."] if apart else []
    return [*notes, *told]


def layer_names(result: QuantizeResult) -> list[str]:
    """The name of each op's output in the quantized model, from before stripping where that dropped it."""
    kept = result.strip.tensor_names if result.strip else []
    return [
        kept[op.outputs[0]] if op.outputs and 0 <= op.outputs[0] < len(kept) else op.output_name
        for op in result.quantized_model.ops
    ]


def _against(candidate: EvaluateResult | None, baseline: Report, notes: list[str]) -> AgainstBase | None:
    """The comparison that evaluate made, if it is with this baseline; else a note why there is none."""
    metric = metric_name(candidate.metric if candidate else metric_of(baseline))
    if candidate is None:
        notes.append(f"{metric} is not compared: evaluate gave no result.")
        return None
    against = candidate.against_base
    if against is None:
        why = candidate.base_failure.cause if candidate.base_failure else "Evaluate was not given the baseline."
        notes.append(f"{metric} is not compared. {why}")
        return None
    old = baseline.quantize
    if old is None or against.base.quantized_sha256 != old.quantized_model.sha256:
        notes.append(f"{metric} is not compared: evaluate was given another baseline than the report.")
        return None
    notes += [*against.reasons, *against.not_comparable]
    return against


def _float_delta(candidate: Parts, baseline: Report) -> float | None:
    """Of float there are only the base's own numbers: on the same samples, by the same interpreter."""
    mine, old = candidate.evaluate, baseline.evaluate
    if mine is None or old is None or mine.metric != old.metric:
        return None
    now, before = mine.float_step, old.float_step
    if now is None or before is None or now.interpreter != before.interpreter:
        return None
    return mine.headline(0) - old.headline(0)


def _op_changes(mine: QuantizeResult, old: QuantizeResult) -> list[OpChange]:
    now = Counter(op.op for op in mine.quantized_model.ops)
    before = Counter(op.op for op in old.quantized_model.ops)
    return [
        OpChange(op=op, baseline_count=before[op], candidate_count=now[op])
        for op in sorted(now.keys() | before.keys())
        if now[op] != before[op]
    ]


def _layer_changes(mine: QuantizeResult, old: QuantizeResult) -> list[LayerChange]:
    now, before = _weights(mine), _weights(old)
    return [
        LayerChange(name=key[0], baseline_bytes=before.get(key), candidate_bytes=now.get(key))
        for key in [*now, *(key for key in before if key not in now)]
        if now.get(key) != before.get(key)
    ]


def _weights(result: QuantizeResult) -> dict[tuple[str, int], int]:
    """Weight bytes by (name, how many of that name came before), in the order of the model."""
    seen: Counter[str] = Counter()
    weights: dict[tuple[str, int], int] = {}
    for name, op in zip(layer_names(result), result.quantized_model.ops, strict=True):
        if op.weight_bytes:
            weights[name, seen[name]] = op.weight_bytes
            seen[name] += 1
    return weights
