"""Whether the float model is any good as a reference, and whether the samples reach it as those of calibration did."""

from typing import Annotated

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import Count


class Doubt(Record, frozen=True, kw_only=True):
    """Why the float model, or what it was given, is not to be trusted."""

    code: Annotated[str, Meta(description="Stable kebab-case word of the doubt.", pattern="^[a-z0-9-]+$")]
    text: Annotated[str, Meta(description="One sentence: what was found, and what to do.")]
    forbids_pass: Annotated[bool, Meta(description="Whether no report with this doubt has the verdict pass.")]


class InputValues(Record, frozen=True, kw_only=True):
    """What the samples gave the INT8 model's input, against the range that calibration chose for it."""

    samples: Annotated[Count, Meta(description="Samples that were looked at.")] = 0
    values: Annotated[Count, Meta(description="Their values, all together.")] = 0
    clipped: Annotated[Count, Meta(description="Values that lie clearly outside of the range, so INT8 clips them.")] = 0
    far_samples: Annotated[
        Count, Meta(description="Samples with a value that is further outside of the range than the range is wide.")
    ] = 0
    low: Annotated[float, Meta(description="Smallest value; 0 without samples.")] = 0.0
    high: Annotated[float, Meta(description="Largest value; 0 without samples.")] = 0.0

    def joined(self, other: "InputValues") -> "InputValues":
        """Of the samples of both; no sample is in both."""
        if not self.samples or not other.samples:
            return self if self.samples else other
        return InputValues(
            samples=self.samples + other.samples,
            values=self.values + other.values,
            clipped=self.clipped + other.clipped,
            far_samples=self.far_samples + other.far_samples,
            low=min(self.low, other.low),
            high=max(self.high, other.high),
        )
