"""This change's INT8 model against the base branch's, on the same samples. All deltas are this change minus base."""

from typing import Annotated

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.model import TensorInfo
from quantci.records.paired import Paired
from quantci.records.units import Count, MetricValue, Ratio, Sha256


class BaseModel(Record, frozen=True, kw_only=True):
    """The base branch's INT8 model, as its baseline names it."""

    quantci_version: Annotated[str, Meta(description="Version of quantci that wrote the baseline.")]
    branch: Annotated[str | None, Meta(description="Branch of the baseline; null where it does not say.")]
    git_commit: Annotated[str | None, Meta(description="Commit of the baseline; null where it does not say.")]
    quantized_sha256: Sha256


class BaseSide(Record, frozen=True, kw_only=True):
    """What has to be known of the base's model to compare its outputs."""

    base: Annotated[BaseModel, Meta(description="Which model it is.")]
    labels: Annotated[list[str], Meta(description="Its class names by index.")]
    outputs: Annotated[list[TensorInfo], Meta(description="Those of its outputs that are judged.")]
    changes: Annotated[
        list[str], Meta(description="Why none of its predictions holds today, such as `NumPy was 1.0 and is 2.0`.")
    ]


class ClassChange(Record, frozen=True, kw_only=True):
    """How one class fares in both models."""

    label: Annotated[str, Meta(description="Name of the class.")]
    support: Annotated[Count, Meta(description="Samples of the class that were compared.")]
    base_recall: Annotated[Ratio | None, Meta(description="Share that the base finds; null without samples.")]
    candidate_recall: Annotated[Ratio | None, Meta(description="Share that this change finds; null without samples.")]


class TagChange(Record, frozen=True, kw_only=True):
    """How the samples that carry a tag fare in both models."""

    tag: Annotated[str, Meta(description="As written in the manifest.")]
    samples: Annotated[Count, Meta(description="Samples that carry it and were compared.")]
    base_metric: Annotated[MetricValue | None, Meta(description="Metric of the base on these samples.")]
    candidate_metric: Annotated[MetricValue | None, Meta(description="Metric of this change on these samples.")]


class AgainstBase(Record, frozen=True, kw_only=True):
    """The base branch's INT8 model and this change's, both in the oracle, sample by sample on today's evaluation set.

    An output of the base is taken from its own predictions where sample, preprocessing and oracle are the same as then;
    otherwise its model is run again, with its own [input].
    """

    base: Annotated[BaseModel, Meta(description="What this change is compared with.")]
    reused: Annotated[Count, Meta(description="Compared samples whose output the base's predictions had.")]
    run_again: Annotated[Count, Meta(description="Compared samples that the base's model was run on again.")]
    reasons: Annotated[list[str], Meta(description="Why it was run again, one sentence each.")]
    base_metric: Annotated[float, Meta(description="The metric that `paired` compares, of the base.")]
    candidate_metric: Annotated[float, Meta(description="The same of this change, on the compared samples.")]
    paired: Annotated[Paired, Meta(description="Base against this change, sample by sample.")]
    per_class: Annotated[list[ClassChange], Meta(description="By class or label; empty for a task without them.")]
    tags: Annotated[list[TagChange], Meta(description="By tag; empty where no sample has one.")]
    not_comparable: Annotated[
        list[str], Meta(description="Classes that only one side has, one sentence each: what was not compared.")
    ]
