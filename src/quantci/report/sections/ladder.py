"""The folded part about the ladder: every recipe that was tried, and why one of them was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quantci.render.cells import Folded, Interval, Name, Paragraph, Sentence, Strong, bullets, joined, table
from quantci.render.numbers import Number, percent, points, rough_size, rough_time
from quantci.report.wording import metric_name

if TYPE_CHECKING:
    from quantci.records.ladder import Estimate, LadderResult, LadderTry
    from quantci.records.quantize import QuantizeResult
    from quantci.render.cells import Block, Cell

MEASURES: Final = {
    "kl": "mean KL divergence of the quantized model's probabilities from the float model's",
    "cosine": "1 minus the mean cosine of the quantized model's outputs and the float model's",
    "squared-error": "mean squared difference of the quantized model's output from the float model's, in units of "
    "its variance",
}
_NOTE: Final = (
    "The evaluation set took no part; its figures for the chosen model stand in the other sections. Time is what the "
    "try took; arena and latency are estimated."
)
_MARKS: Final = (
    "The chosen recipe is bold; ◆ marks those that no other one beats in score, file, arena and latency at once."
)
_SETS: Final = {
    "held-back": "calibration samples that were held back",
    "tuning-set": "samples of the tuning set",
}


def sections(quantize: QuantizeResult | None) -> list[Folded]:
    """The ladder, if there was one."""
    return [section(quantize.ladder)] if quantize is not None and quantize.ladder is not None else []


def section(ladder: LadderResult) -> Folded:
    """The tries in their order, with what each costs; then what was not tried, and why."""
    not_tried: list[Cell] = [(Name(one.recipe), ": ", Sentence(one.reason)) for one in ladder.not_tried]
    misses: list[Cell] = [
        (Name(tried.recipe), ": ", Sentence("; ".join(tried.misses)), ".") for tried in ladder.tries if tried.misses
    ]
    return Folded(
        "Ladder of recipes",
        [
            Paragraph(_chosen(ladder)),
            *tries(ladder),
            bullets([*_no_latency(ladder), *misses, *_goal(ladder), *not_tried]),
        ],
    )


def tries(ladder: LadderResult, *, is_narrow: bool = False) -> list[Block]:
    """The table of the tries, and what its marks mean; a narrow one has no intervals and no times, for a terminal."""
    heads = ("Recipe", "Score", _head(ladder), "File", "Arena", "Latency", "Time")
    end = -1 if is_narrow else None
    rows = (_row(tried, ladder, is_narrow=is_narrow)[:end] for tried in ladder.tries)
    return [table(heads[:end], rows, len(ladder.tries)), Paragraph(_MARKS)]


def _no_latency(ladder: LadderResult) -> list[Cell]:
    """Why there is no estimate, each reason once; without names where it is that of all."""
    made = [tried for tried in ladder.tries if tried.score is not None]
    names: dict[str, list[str]] = {}
    for tried in made:
        if tried.latency_us is None and tried.latency_reason:
            names.setdefault(tried.latency_reason, []).append(tried.recipe)
    return [
        (
            "Latency is not known",
            "" if len(recipes) == len(made) else (" for ", joined(", ", map(Name, recipes))),
            ": ",
            Sentence(reason),
        )
        for reason, recipes in names.items()
    ]


def _chosen(ladder: LadderResult) -> Cell:
    """What it was chosen by, and that the evaluation set took no part."""
    count, of = Number(len(ladder.samples)), _SETS[ladder.chosen_on]
    return (
        Name(ladder.chosen),
        " was chosen: the smallest score on ",
        count,
        f" {of} (",
        Name(ladder.path),
        f"). Score: {MEASURES[ladder.measure]}. {_NOTE}",
    )


def _head(ladder: LadderResult) -> str:
    if ladder.metric is None:
        return "Metric"
    name = "Agreement with FP32" if ladder.truth == "float-model" and ladder.metric != "r2" else ""
    where = "held back" if ladder.chosen_on == "held-back" else "tuning set"
    return f"{name or metric_name(ladder.metric)}, {where}"


def _row(tried: LadderTry, ladder: LadderResult, *, is_narrow: bool) -> tuple[Cell, ...]:
    mark = " ◆" if tried.recipe in ladder.pareto else ""
    name: Cell = (Strong(tried.recipe) if tried.recipe == ladder.chosen else Name(tried.recipe), mark)
    duration = rough_time(1e6 * tried.duration_s)
    if tried.score is None:
        return (name, ("none: ", Sentence(tried.refused or "")), "", "", "", "", duration)
    return (
        name,
        Number(tried.score, "plain"),
        _estimate(tried.estimate, is_narrow=is_narrow),
        "not known" if tried.file_bytes is None else rough_size(tried.file_bytes),
        "not known" if tried.arena_bytes is None else rough_size(tried.arena_bytes),
        "not known" if tried.latency_us is None else rough_time(tried.latency_us),
        duration,
    )


def _estimate(found: Estimate | None, *, is_narrow: bool) -> Cell:
    if found is None:
        return "none"
    if is_narrow:
        return (percent(found.value), "\n", points(found.delta))
    interval = Interval(found.interval.low, found.interval.high, found.interval.level)
    return (percent(found.value), "\n", points(found.delta), "\n", interval)


def _goal(ladder: LadderResult) -> list[Cell]:
    """Whether the ladder could end, and what cut it short."""
    found: list[Cell] = []
    if ladder.goal is not None and ladder.is_goal_met is not None:
        word = "meets" if ladder.is_goal_met else "misses"
        goal = Number(ladder.goal, "points")
        found.append((f"By this estimate the chosen recipe {word} the goal: a loss of at most ", goal, "."))
    if ladder.is_cut:
        found.append("The budget ended the ladder: with more of it another recipe may be chosen.")
    return found
