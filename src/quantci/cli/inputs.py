"""The inputs of the actions: what they are called, and that faults name them, not the options that they become."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from quantci.cli.workspace import ROOT
from quantci.errors import QuantciError
from quantci.records.stage import Failure

if TYPE_CHECKING:
    from collections.abc import Mapping


class Input(NamedTuple):
    """An input of an action.

    Attributes:
        name: in the actions and in the reusable workflows.
        is_path: whether it names a file or a folder, which then has to lie in the workspace.
        is_bare: whether it becomes an argument without an option's name.
    """

    name: str
    is_path: bool = False
    is_bare: bool = False

    @property
    def variable(self) -> str:
        """The environment variable that it becomes."""
        return f"QUANTCI_{self.name.replace('-', '_').upper()}"

    @property
    def option(self) -> str:
        """The option that this becomes, or that a key of quantci.toml has anyway."""
        return f"--{self.name}"


_BASELINE: Final = (Input("baseline", is_path=True), Input("key"), Input("base-branch"))
# Action -> its inputs that are options of its command, and no keys of quantci.toml.
ACTIONS: Final[dict[str, tuple[Input, ...]]] = {
    "quantize": (),
    "evaluate": (Input("shard"), *_BASELINE),
    "merge": (Input("shards", is_path=True, is_bare=True),),
    "diagnose": (),
    "embed": (Input("model", is_path=True),),
    "bench": (Input("device"), Input("bisect"), *_BASELINE),
    "report": (*_BASELINE, Input("fail-on"), Input("device-job")),
    "comment": (Input("report", is_path=True), Input("key"), Input("sha"), Input("pull-request")),
}
CONFIG: Final = Input("config", is_path=True)
_OTHERS: Final = (
    CONFIG,
    Input("output-dir"),
    Input("model-source"),
    Input("model-quantized"),
    Input("allow-code"),
    Input("device-kind"),
)
# Option, or variable -> the input that it comes from.
INPUTS: Final = {
    word: one.name
    for one in (*_OTHERS, *(one for inputs in ACTIONS.values() for one in inputs))
    for word in (one.option, one.variable)
} | {"QUANTCI_SHARD_COUNT": "shards"}
NAME: Final = re.compile(r"(?<![\w-])(?:--[a-z][a-z-]*[a-z]|QUANTCI_[A-Z_]+)")
_Fault = TypeVar("_Fault", bound=QuantciError)


def as_called(error: _Fault, environment: Mapping[str, str]) -> _Fault:
    """The fault in words that its reader knows: in a workflow these are inputs, not options or variables."""
    if not environment.get(ROOT):
        return error
    error.cause, error.remedy = (NAME.sub(_in_a_sentence, text) for text in (error.cause, error.remedy))
    if error.where in INPUTS:
        error.where = f"input `{INPUTS[error.where]}`"
    return error


def failure_of(error: QuantciError) -> Failure:
    """A fault as it stands in the record of a run: in a workflow it names inputs."""
    return Failure.of(as_called(error, os.environ))


def _in_a_sentence(found: re.Match[str]) -> str:
    return f"the input `{INPUTS[found[0]]}`" if found[0] in INPUTS else found[0]
