"""Counts of what happened on the line."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass
class Counts:
    """What happened on the line.

    Attributes:
        requests: sent, without repetitions.
        repeated: sent once more.
        replies: that fitted a request.
        stale: packets that fitted none: late, doubled, or of another run.
        foreign: of these, with the nonce of another run.
        noise_bytes: that were no packet.
        damaged: pieces of it that a packet was once, by their look.
        dropped: packets of ours that the device says it dropped.
        timeouts: waits that ended without a reply.
    """

    requests: int = 0
    repeated: int = 0
    replies: int = 0
    stale: int = 0
    foreign: int = 0
    noise_bytes: int = 0
    damaged: int = 0
    dropped: int = 0
    timeouts: int = 0

    def __str__(self) -> str:
        said = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in asdict(self).items() if count)
        return said or "nothing was sent"
