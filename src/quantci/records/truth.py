"""What is right about a sample, by the kind of task."""

from typing import Annotated, TypeAlias

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Count


class ClassTruth(Record, frozen=True, kw_only=True, tag_field="kind", tag="class"):
    """The one class of a sample."""

    index: Annotated[Count, Meta(description="Index of the class in the labels.")]


class LabelsTruth(Record, frozen=True, kw_only=True, tag_field="kind", tag="labels"):
    """The labels that apply to a sample; perhaps none."""

    indices: Annotated[tuple[Count, ...], Meta(description="Indices in the labels, ascending.")]


class ValuesTruth(Record, frozen=True, kw_only=True, tag_field="kind", tag="values"):
    """The numbers that the model should give for a sample."""

    values: Annotated[tuple[float, ...], Meta(min_length=1, description="One for each output, in their order.")]


Truth: TypeAlias = ClassTruth | LabelsTruth | ValuesTruth
