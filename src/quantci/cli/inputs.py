"""What an option is called where an action runs: faults name the input that the caller wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from quantci.cli.workspace import ROOT
from quantci.errors import QuantciError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Option, or variable that an input becomes -> the input, the same in the actions and in the reusable workflows.
INPUTS: Final = {
    "--config": "config",
    "--output-dir": "output-dir",
    "--model-source": "model-source",
    "--model": "model",
    "--shard": "shard",
    "--baseline": "baseline",
    "--fail-on": "fail-on",
    "--report": "report",
    "--key": "key",
    "--sha": "sha",
    "--pull-request": "pull-request",
    "--base-branch": "base-branch",
    "QUANTCI_CONFIG": "config",
    "QUANTCI_OUTPUT_DIR": "output-dir",
    "QUANTCI_MODEL_SOURCE": "model-source",
    "QUANTCI_MODEL": "model",
    "QUANTCI_SHARD": "shard",
    "QUANTCI_SHARDS": "shards",
    "QUANTCI_SHARD_COUNT": "shards",
    "QUANTCI_ALLOW_CODE": "allow-code",
    "QUANTCI_BASELINE": "baseline",
    "QUANTCI_FAIL_ON": "fail-on",
    "QUANTCI_REPORT": "report",
    "QUANTCI_KEY": "key",
    "QUANTCI_SHA": "sha",
    "QUANTCI_PULL_REQUEST": "pull-request",
    "QUANTCI_BASE_BRANCH": "base-branch",
}
NAME: Final = re.compile(r"(?<![\w-])(?:--[a-z][a-z-]*[a-z]|QUANTCI_[A-Z_]+)")
_Fault = TypeVar("_Fault", bound=QuantciError)


def as_called(error: _Fault, environment: Mapping[str, str]) -> _Fault:
    """The fault in its caller's words: in a workflow they know inputs, and neither options nor variables."""
    if not environment.get(ROOT):
        return error
    error.cause, error.remedy = (NAME.sub(_in_a_sentence, text) for text in (error.cause, error.remedy))
    if error.where in INPUTS:
        error.where = f"input `{INPUTS[error.where]}`"
    return error


def _in_a_sentence(found: re.Match[str]) -> str:
    return f"the input `{INPUTS[found[0]]}`" if found[0] in INPUTS else found[0]
