"""What this machine remembers of a board between runs: whether it is in quarantine, and how noisy it is."""

from typing import Annotated, Literal

from msgspec import Meta

from quantci.records.base import Record
from quantci.records.units import NonNegative, Positive


class Quarantine(Record, frozen=True, kw_only=True):
    """Why nothing runs on a board until somebody releases it."""

    code: Annotated[str, Meta(description="Code word of the fault.", pattern="^[a-z0-9-]+$")]
    cause: Annotated[str, Meta(description="One sentence: what was wrong.")]
    since: Annotated[str, Meta(description="UTC time, RFC 3339.")]


class StoredNoise(Record, frozen=True, kw_only=True):
    """What bench --aa found."""

    noise_ratio: Annotated[NonNegative, Meta(description="See DeviceNoise.")]
    pairs: Annotated[Positive, Meta(description="Pairs of windows that it rests on.")]
    fingerprint: Annotated[dict[str, str], Meta(description="It counts for this build fingerprint only.")]
    measured_at: Annotated[str, Meta(description="UTC time, RFC 3339.")]


class BoardFile(Record, frozen=True, kw_only=True):
    """One board; the file is named after its id."""

    schema_version: Annotated[Literal[1], Meta(description="Version of this file's schema.")] = 1
    board_id: Annotated[str, Meta(description="MAC address or serial number.")]
    quarantine: Annotated[Quarantine | None, Meta(description="Null: it may be used.")] = None
    noise: Annotated[StoredNoise | None, Meta(description="Null: bench --aa has not run on it.")] = None
