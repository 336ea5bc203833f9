"""The ladder (recipe = "auto") and the test of the calibration set: their section, and what the record says of them."""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.dataset import SampleDigest
from quantci.records.paired import HeadlineMetric, Interval
from quantci.records.units import Bytes, Count, FilePath, Microseconds, NonNegative, Positive, Ratio, Seconds, Sha256

AUTO = "auto"  # as quantization.recipe
Measure = Literal["kl", "cosine", "squared-error"]


class LadderConfig(Record, frozen=True, kw_only=True):
    """How recipe = "auto" tries recipes, and when it stops."""

    tuning: Annotated[
        FilePath | None,
        Meta(
            description="Labelled set to choose on, never that of [evaluation]; if not set, samples of the calibration "
            "set are held back for it."
        ),
    ] = None
    held_back: Annotated[
        int,
        Meta(ge=8, le=10_000, description="Calibration samples to choose on; at most a quarter of those there are."),
    ] = 64
    recipes: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...],
        Meta(description="Try these, all of them and no others, in this order; if not set, the usual steps."),
    ] = ()
    goal: Annotated[
        Ratio | None,
        Meta(
            description="Stop before the dear steps once the estimated loss is no larger; if not set, "
            "gates.max_metric_drop, or 0.01."
        ),
    ] = None
    tries: Annotated[Positive, Meta(description="Most recipes to try.")] = 24
    budget_s: Annotated[Positive, Meta(description="Start no further recipe after so many seconds of trying.")] = 900


class Estimate(Record, frozen=True, kw_only=True):
    """The task's metric of one INT8 model on the samples that the ladder chooses on: an estimate, not an evaluation."""

    value: Annotated[float, Meta(description="Of the INT8 model.")]
    delta: Annotated[float, Meta(description="INT8 minus float; negative is a loss.")]
    interval: Annotated[Interval, Meta(description="Confidence interval of the delta.")]


class LadderTry(Record, frozen=True, kw_only=True):
    """One recipe and what came of it."""

    recipe: Annotated[str, Meta(description="Its name.")]
    refused: Annotated[str | None, Meta(description="Why there is no INT8 model; null where there is one.")]
    score: Annotated[NonNegative | None, Meta(description="What is chosen by, smaller is better; null if refused.")]
    estimate: Annotated[Estimate | None, Meta(description="Null if refused, and where nothing says what is right.")]
    model_sha256: Annotated[Sha256 | None, Meta(description="Of the INT8 model; null if refused.")]
    file_bytes: Annotated[Bytes | None, Meta(description="Size of the INT8 file; null if refused.")]
    arena_bytes: Annotated[Bytes | None, Meta(description="Recommended tensor arena; null where it is not known.")]
    arena_memory: Annotated[
        Literal["internal", "psram", "none"] | None, Meta(description="Where the arena fits; null where not known.")
    ]
    latency_us: Annotated[Microseconds | None, Meta(description="Estimated, never measured; null with a reason.")]
    latency_reason: Annotated[str | None, Meta(description="Why there is no estimate; null where there is one.")]
    misses: Annotated[
        list[str], Meta(description="Why it is chosen only if nothing else is left: limits that it breaks for certain.")
    ]
    duration_s: Annotated[Seconds, Meta(description="Time that it took when it was tried.")]


class NotTried(Record, frozen=True, kw_only=True):
    """A recipe of the ladder that was not tried."""

    recipe: Annotated[str, Meta(description="Its name.")]
    reason: Annotated[str, Meta(description="One sentence why.")]


class LadderResult(Record, frozen=True, kw_only=True):
    """Every recipe that was tried, and which one was chosen. The evaluation set took no part in it."""

    chosen_on: Annotated[
        Literal["held-back", "tuning-set"], Meta(description="Whose samples the recipes were compared on.")
    ]
    path: Annotated[str, Meta(description="Of that set, as written in the configuration.")]
    samples: Annotated[list[SampleDigest], Meta(description="Identity of each sample that was chosen on.")]
    measure: Annotated[
        Measure,
        Meta(
            description="What `score` is, a mean over the samples. kl: Kullback-Leibler divergence of the float "
            "model's probabilities from those of INT8. cosine: 1 minus the cosine of the outputs. squared-error: of "
            "the outputs, in units of the float output's variance."
        ),
    ]
    metric: Annotated[HeadlineMetric | None, Meta(description="What `estimate` is; null where there is none.")]
    truth: Annotated[
        Literal["labels", "float-model"] | None,
        Meta(description="What counts as right in `estimate`: the samples' labels, or the float model's answers."),
    ]
    float_metric: Annotated[float | None, Meta(description="Of the float model; null where there is no estimate.")]
    goal: Annotated[Ratio | None, Meta(description="Loss at which the ladder stops; null where all was to be tried.")]
    is_goal_met: Annotated[bool | None, Meta(description="By the estimate of the chosen one; null where not known.")]
    tries: Annotated[list[LadderTry], Meta(description="In the order of the ladder.")]
    not_tried: Annotated[list[NotTried], Meta(description="In the order of the ladder.")]
    chosen: Annotated[str, Meta(description="Name of the chosen recipe.")]
    pareto: Annotated[
        list[str],
        Meta(description="Recipes that no other one beats in score, file, arena and latency at once."),
    ]
    is_cut: Annotated[
        bool, Meta(description="Whether tries or budget_s ended it: with more of them the choice may be another.")
    ]


class StabilityResult(Record, frozen=True, kw_only=True):
    """The calibration set split into disjoint parts, and INT8 models that were calibrated on one part each."""

    parts: Annotated[int, Meta(ge=2, description="How many.")]
    part_samples: Annotated[Count, Meta(description="Calibration samples of the smallest part.")]
    recipe: Annotated[str, Meta(description="That all of them were quantized with.")]
    compared_samples: Annotated[Count, Meta(description="Held-back samples that they were compared on.")]
    scores: Annotated[list[NonNegative], Meta(description="Of each part: the ladder's measure, smaller is better.")]
    whole_score: Annotated[NonNegative, Meta(description="Of the model that was calibrated on all of them.")]
    measure: Annotated[Measure, Meta(description="What the scores are; see LadderResult.")]
    smallest_agreement: Annotated[
        Ratio | None,
        Meta(description="Answers that two of the models share, of the pair that differs most; null without answers."),
    ]
    is_enough: Annotated[bool, Meta(description="Whether parts of the set already give what the whole of it gives.")]
