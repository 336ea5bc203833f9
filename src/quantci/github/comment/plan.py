"""What one look at the comments calls for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from quantci.github.comment.marker import is_same_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.github.client.responses import Comment
    from quantci.github.comment.commit_order import Age


class Ours(NamedTuple):
    """A comment of this account and key, and how new it is."""

    comment: Comment
    age: Age


class Plan(NamedTuple):
    """What one look calls for: at most one of the three."""

    create: bool = False
    change: Comment | None = None
    delete: Comment | None = None
    newest: Ours | None = None
    """What stays as it is."""


def plan(found: Sequence[Ours], body: str, age: Age, *, was_written: bool) -> Plan:
    """What to do about these comments, for one who has this text of this age.

    Args:
        found: all comments of the key, with their age.
        body: the whole text, marker included.
        age: how new it is.
        was_written: this writer has written it before: another text of the same age then came later.
    """
    if not found:
        return Plan(create=True)
    newest = max(found, key=lambda ours: (ours.age, -ours.comment.id))
    if newest.age < age:
        return Plan(change=min((ours.comment for ours in found), key=lambda comment: comment.id))
    if newest.age == age and not was_written and not is_same_text(newest.comment.text, body):
        return Plan(change=newest.comment)
    spare = next((ours.comment for ours in found if ours is not newest), None)
    return Plan(delete=spare, newest=newest)
