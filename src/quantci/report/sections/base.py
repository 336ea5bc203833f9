"""What this change is compared with, or why with nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.render.cells import Name, Paragraph, Sentence, joined

if TYPE_CHECKING:
    from quantci.records.report import Report
    from quantci.render.cells import Cell

_MOST_REASONS: Final = 3


def has_base(report: Report) -> bool:
    """Whether there is anything of the base branch to show."""
    return report.baseline is not None or (report.evaluate is not None and report.evaluate.against_base is not None)


def why_not_compared(report: Report) -> str:
    """Why the models are not compared sample by sample; for a report without any base, why not."""
    if report.evaluate is not None and report.evaluate.base_failure is not None:
        return report.evaluate.base_failure.cause
    refused = (
        advice.text for advice in report.advice if advice.code.startswith(("no-baseline", "baseline-", "schema"))
    )
    if report.baseline is None:
        return next(refused, "No baseline was given.")
    return "Evaluate gave no result." if report.evaluate is None else "Evaluate was not given the baseline."


def compared_with(report: Report) -> Paragraph:
    """One line under the table."""
    why = why_not_compared(report)
    is_said = any(why.casefold() in sentence.casefold() for sentence in report.not_judged)
    if not has_base(report):
        return Paragraph(("Nothing is compared with a base branch. ", Sentence(why)))
    against = report.evaluate.against_base if report.evaluate else None
    if against is None:
        reason: Cell = "" if is_said else (" ", Sentence(why))
        return Paragraph(("Base: ", *_where(report), "; the models are not compared sample by sample.", reason))
    compared = against.reused + against.run_again
    said: list[Cell] = ["Base: ", *_where(report), f"; the same {compared:,} samples through both quantized models."]
    if against.run_again:
        how_many = "all of them" if against.run_again == compared else f"{against.run_again:,} of them"
        reasons = joined(" ", map(Sentence, against.reasons[:_MOST_REASONS]))
        said += [f" The base's was run again on {how_many}, with its own preprocessing. ", reasons]
    return Paragraph(tuple(said))


def _where(report: Report) -> tuple[Cell, ...]:
    against = report.evaluate.against_base if report.evaluate else None
    base = against.base if against else report.baseline
    branch: Cell = Name(base.branch) if base and base.branch else ""
    commit: Cell = Name(base.git_commit[:12]) if base and base.git_commit else ""
    if branch and commit:
        return (branch, " at ", commit)
    return ("commit ", commit) if commit else (branch or "the given baseline",)
