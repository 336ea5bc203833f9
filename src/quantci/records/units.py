"""Bounded, described number types that the records share."""

from typing import Annotated

from msgspec import Meta

Ratio = Annotated[float, Meta(ge=0, le=1)]
MetricValue = Annotated[float, Meta(le=1)]  # a ratio, or R², which falls below 0 where the mean would answer better
SignedRatio = Annotated[float, Meta(ge=-1, le=1)]
Positive = Annotated[int, Meta(ge=1)]
NonNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
Bytes = Annotated[int, Meta(ge=0, description="Size in bytes.")]
Microseconds = Annotated[float, Meta(ge=0, description="Duration in microseconds.")]
Seconds = Annotated[float, Meta(ge=0, description="Duration in seconds.")]
Growth = (
    Bytes | Annotated[str, Meta(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?%?$")]
)  # "5%" of what it was, or that much more
# A file or folder: guarded against leaving the workspace, and relative to where it was given (cli/options.py).
FilePath = Annotated[str, Meta(min_length=1, extra={"path": True})]
# One of these, or a function of the user's own code: package.module:function.
FileOrFunction = Annotated[str, Meta(min_length=1, extra={"path": True, "function": True})]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 in hexadecimal.")]
Version = Annotated[str, Meta(pattern=r"^\d{1,4}\.\d{1,4}\.\d{1,4}$")]
