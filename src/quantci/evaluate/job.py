"""How samples are read, and what is kept of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantci.data.preprocess import Preprocessing
    from quantci.tasks.task import Task


@dataclass(frozen=True)
class Job:
    """How samples are read, and what is kept of them; it goes with each batch.

    Attributes:
        preprocessing: of the models.
        task: knows what is kept.
        base: preprocessing of the base branch's model; None without one.
        base_digests: by id, the content of those samples of the batch whose outputs that model's predictions have.
    """

    preprocessing: Preprocessing
    task: Task
    base: Preprocessing | None = None
    base_digests: Mapping[str, str] = field(default_factory=dict)
