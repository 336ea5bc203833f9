"""How sure a share of samples is: the lower end of its interval, and the samples that a floor needs."""

from __future__ import annotations

import math

from quantci.statistics.power import Z_LEVEL

_MOST = 10**9  # far more than any evaluation set has


def wilson_interval(share: float, samples: int) -> tuple[float, float]:
    """Wilson's two-sided 95 % score interval (1927) for a share of `samples`, 0..1."""
    z2 = Z_LEVEL**2
    spread = Z_LEVEL * math.sqrt(share * (1 - share) / samples + z2 / (4 * samples**2))
    middle, width = share + z2 / (2 * samples), 1 + z2 / samples
    return max(0.0, (middle - spread) / width), min(1.0, (middle + spread) / width)


def wilson_low(share: float, samples: int) -> float:
    """The lower end of it."""
    return wilson_interval(share, samples)[0]


def samples_for_floor(floor: float) -> int | None:
    """Fewest samples that, all right, have their interval at or above `floor`; None where no number is enough.

    With a share of 1 the lower end is n / (n + z^2).
    """
    if floor >= 1:
        return None
    needed = max(1, math.ceil(Z_LEVEL**2 * floor / (1 - floor)))
    return needed if needed <= _MOST else None
