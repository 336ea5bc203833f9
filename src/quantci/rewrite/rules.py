"""The rewrites in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from quantci.rewrite.drop_dead import drop_dead
from quantci.rewrite.drop_idle import drop_idle
from quantci.rewrite.fuse_activation import fuse_activation
from quantci.rewrite.rule import EXACT, Rule

RULES: Final = (
    Rule("drop-dead", drop_dead, EXACT),
    Rule("drop-idle", drop_idle, EXACT),
    Rule("fuse-activation", fuse_activation, EXACT),
)
