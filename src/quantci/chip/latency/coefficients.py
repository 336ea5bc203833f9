"""The coefficients that an estimate uses: those that quantci ships, or a file for your own board."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from quantci.chip.esp_nn.terms import CHIP, TERMS
from quantci.errors import ConfigError
from quantci.records.latency import LatencyCoefficients

if TYPE_CHECKING:
    from quantci.records.latency import Kernels, Memory

PUBLISHED: Final = Path(__file__).with_name("coefficients.json")
_LARGEST_FILE: Final = 1 << 20


class Coefficients(NamedTuple):
    """Coefficients, and the digest of the file that they stood in."""

    record: LatencyCoefficients
    sha256: str

    def at(self, clock_hz: int | None) -> Coefficients:
        """The same for another clock of the core: the cycles stay, their time does not."""
        return self if clock_hz is None else self._replace(record=replace(self.record, clock_hz=clock_hz))

    def of(self, kernels: Kernels, memory: Memory) -> Coefficients | None:
        """Those of such a build, with its error; None where they do not cover it."""
        record = self.record
        if (record.kernels, record.memory) == (kernels, memory):
            return self
        for build in record.other_builds:
            if (build.kernels, build.memory) == (kernels, memory):
                changed = replace(
                    record, kernels=kernels, memory=memory, error_ratio=build.error_ratio, models=build.models
                )
                return self._replace(record=changed)
        return None


@cache
def published_coefficients() -> Coefficients:
    """Those that quantci ships, fitted to published figures."""
    data = PUBLISHED.read_bytes()
    return Coefficients(msgspec.json.decode(data, type=LatencyCoefficients), hashlib.sha256(data).hexdigest())


def read_coefficients(path: Path) -> Coefficients:
    """The coefficients of your own board, from a file.

    Raises:
        ConfigError: `latency-coefficients`: the file cannot be read, is not valid, or is for another chip.
    """
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            raise _unusable(path, "This is not a file of latency coefficients.")
        data = path.read_bytes()
        record = msgspec.json.decode(data, type=LatencyCoefficients)
    except OSError as error:
        raise _unusable(path, f"The latency coefficients cannot be read: {error.strerror}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unusable(path, f"These are not valid latency coefficients: {error}.") from None
    if record.chip != CHIP:
        raise _unusable(path, f"These latency coefficients are of the chip {record.chip}, not of {CHIP}.")
    unknown = record.terms.keys() - TERMS.keys()
    if unknown:
        raise _unusable(path, f"The latency model has no term {min(unknown)}; it has: {', '.join(TERMS)}.")
    return Coefficients(record, hashlib.sha256(data).hexdigest())


def _unusable(path: Path, cause: str) -> ConfigError:
    return ConfigError(
        "latency-coefficients",
        cause,
        where=str(path),
        remedy="Fix target.latency_coefficients, or omit it to use the published coefficients.",
    )
