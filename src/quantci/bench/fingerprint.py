"""The build fingerprint: what must be equal for two latencies to be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What stands in the way of comparing: `clock_hz was 240000000 and is 160000000`."""
    return [
        f"{key} was {before.get(key, 'not told')} and is {now.get(key, 'not told')}"
        for key in dict.fromkeys((*now, *before))
        if before.get(key) != now.get(key)
    ]
