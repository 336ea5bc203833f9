"""The line above everything: the verdict, and which model it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantci.records.origin import DEFAULT_CONFIGURATION, DEFAULT_KEY
from quantci.report.wording import STATUSES

if TYPE_CHECKING:
    from quantci.records.report import Report


def headline(report: Report) -> str:
    """The verdict and, when something stopped the run, what."""
    stopped = STATUSES.get(report.status)
    return f"{report.verdict}, {stopped}" if stopped else report.verdict


def identity(report: Report) -> list[tuple[str, str]]:
    """Key and configuration, where a repository may have several models; none where both are the usual."""
    origin = report.origin
    if origin is None:
        return []
    usual = (DEFAULT_KEY, DEFAULT_CONFIGURATION)
    if (origin.key, origin.configuration or DEFAULT_CONFIGURATION) == usual:
        return []
    return [("key", origin.key), *([("", origin.configuration)] if origin.configuration else [])]
