"""Drop ops whose results nobody needs, and what stands in the file without a reader.

The calibrator refuses a model with operator codes that no op has, and every tensor costs arena.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantci.rewrite.draft import Draft


def drop_dead(draft: Draft) -> list[str]:
    """Drop them."""
    names = draft.drop_dead()
    return names or ([""] if draft.unused() else [])
