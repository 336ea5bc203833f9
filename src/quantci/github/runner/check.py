"""The inputs of the reusable workflows, checked before anything is installed: only the standard library is imported.

actions/install.sh runs this file: `inputs` first, then `others` where another model of the run may have the same key.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quantci.errors import EXIT_INPUT, ConfigError
from quantci.github.runner import output_file
from quantci.github.runner.annotations import annotation
from quantci.github.runner.trigger import check_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

MOST_JOBS: Final = 256  # of jobs in a matrix
_MOST_MINUTES: Final = 7200  # of a job on a self-hosted runner
# Of artifacts and caches: nothing that either refuses, nor "+", "@" and "~", which part it from the rest.
_KEY: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def faults(inputs: Mapping[str, object], event: str) -> Iterator[ConfigError]:
    """What is wrong with a call of the workflow, each fault by the name of its input."""
    try:
        check_event(event)
    except ConfigError as error:
        yield error
    for name, (check, remedy) in _RULES.items():
        if name in inputs and not check(inputs[name]):
            yield _fault(name, f"{_shown(inputs[name])} is not valid.", remedy)
    path, key = (bool(inputs.get(name)) for name in ("data-cache-path", "data-cache-key"))
    if path != key:
        lacking = "data-cache-key" if path else "data-cache-path"
        yield _fault(lacking, "It is empty.", "Give `data-cache-path` and `data-cache-key`, or neither.")


def claim_of(inputs: Mapping[str, object], attempt: str) -> dict[str, str]:
    """The artifact that reserves the key within the run, and the pattern of all such artifacts."""
    key = inputs.get("key")
    return {"claim": f"{key}@claim-{attempt}", "claims": f"{key}@claim-*"}


def check_others(inputs: Mapping[str, object], claims: Sequence[str], *, claimed: bool) -> None:
    """Refuse a key that another model of this run has.

    Args:
        inputs: of this one.
        claims: configurations of the models that have claimed the key, in this attempt of the run and those before it.
        claimed: whether this one's own claim, of this attempt, was the first.

    Raises:
        ConfigError: `key-taken`.
    """
    config = str(inputs.get("config"))
    others = sorted({claim for claim in claims if claim != config})
    if claimed and not others:
        return
    whose = f" ({', '.join(map(_shown, others))})" if others else ""
    raise ConfigError(
        "key-taken",
        f"Another model of this run{whose} has the key {_shown(inputs.get('key'))} already.",
        where="input `key`",
        remedy="Give each model a `key` of its own: its artifacts, baseline and comment are named after it.",
    )


def _is_number(most: int) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        text = str(value).removesuffix(".0")
        return text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most

    return check


def _is_switch(value: object) -> bool:
    return str(value).lower() in {"true", "false"}


def _is_cache_key(value: object) -> bool:
    return re.fullmatch(r"[^,\r\n]{0,400}", str(value)) is not None


# Input -> whether a value can be one, and what can.
_RULES: Final[dict[str, tuple[Callable[[object], bool], str]]] = {
    "config": (lambda value: isinstance(value, str) and value != "", "Name quantci.toml, relative to the repository."),
    "key": (
        lambda value: isinstance(value, str) and _KEY.fullmatch(value) is not None,
        "Use 1 to 64 letters, digits, dots, underscores and hyphens: artifacts and caches are named after it.",
    ),
    "shards": (_is_number(MOST_JOBS), f"Give a number from 1 to {MOST_JOBS}, the most jobs of a matrix."),
    "fail-on": (lambda value: value in {"gate", "never"}, "Use gate or never."),
    "lfs": (_is_switch, "Use true or false."),
    "allow-code": (_is_switch, "Use true or false."),
    "emulated": (_is_switch, "Use true or false."),
    "timeout-minutes": (_is_number(_MOST_MINUTES), f"Give a number of minutes from 1 to {_MOST_MINUTES}."),
    "data-cache-key": (_is_cache_key, "Use up to 400 characters, in one line and without a comma."),
}


def _shown(value: object) -> str:
    """As written in the workflow, cut to what fits into a line."""
    return repr(value[:80] if isinstance(value, str) else value)


def _fault(name: str, cause: str, remedy: str) -> ConfigError:
    return ConfigError("workflow-input", cause, where=f"input `{name}`", remedy=remedy)


def main(step: str, environment: Mapping[str, str]) -> int:
    """Check, annotate what is wrong, and write the step's outputs."""
    inputs = json.loads(environment["QUANTCI_INPUTS"])
    found: list[ConfigError] = []
    told: dict[str, str] = {}
    if step == "inputs":
        found += faults(inputs, environment.get("GITHUB_EVENT_NAME", ""))
        file = Path(environment["RUNNER_TEMP"]) / "quantci-claim" / f"{environment['GITHUB_RUN_ATTEMPT']}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(str(inputs.get("config")), encoding="utf-8")
        told = {**claim_of(inputs, environment["GITHUB_RUN_ATTEMPT"]), "claim-file": str(file)}
        told["again"] = "false" if environment["GITHUB_RUN_ATTEMPT"] == "1" else "true"
    else:
        claims = [path.read_text("utf-8") for path in sorted(Path(environment["QUANTCI_CLAIMS"]).glob("*.txt"))]
        try:
            check_others(inputs, claims, claimed=environment["QUANTCI_CLAIMED"] == "success")
        except ConfigError as error:
            found.append(error)
    for fault in found:
        sys.stdout.write(annotation("error", str(fault), title=f"quantci {fault.code}") + "\n")
    output_file.append(Path(environment["GITHUB_OUTPUT"]), {"refused": "true"} if found else told)
    return EXIT_INPUT if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], os.environ))
