"""What a release says: which version, which notes, and which commits its workflows name. Text in, text out."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MOVING: Final = "v1"
# What a runner reads by its path in this repository.
READ_BY_RUNNERS: Final = re.compile(r"\.github/workflows/[^/]+\.ya?ml|(actions/[^/]+/)?action\.yml")
_USE: Final = re.compile(rf"(?m)^(\s*(?:- )?uses: org/quantci)(/[^@\s]+)?@{MOVING}[ \t]*(?:#.*)?$")


class Fault(Exception):
    """Why there is no release: one sentence."""


def used(text: str) -> set[str]:
    """Our own actions and workflows that this file takes from the moving tag, as paths; "" is the root's action."""
    return {match[2].lstrip("/") if match[2] else "" for match in _USE.finditer(text)}


def pinned(files: Mapping[str, str], sha: str, version: str) -> dict[str, str]:
    """The files that change when what is settled is named by this commit.

    An action or workflow is settled when it takes nothing from the moving tag itself: a workflow that uses another one
    waits for the next commit, which can name the settled one.

    Raises:
        Fault: something is named that is not there, or nothing is settled.
    """

    def is_settled(path: str) -> bool:
        name = path if path in files else f"{path}/action.yml".lstrip("/")
        if name not in files:
            raise Fault(f"org/quantci/{path}@{MOVING} is used, and {name} is not there")
        return not used(files[name])

    def replace(match: re.Match[str]) -> str:
        path = match[2] or ""
        return f"{match[1]}{path}@{sha} # v{version}" if is_settled(path.lstrip("/")) else match[0]

    fresh = {name: _USE.sub(replace, text) for name, text in files.items()}
    changed = {name: text for name, text in fresh.items() if text != files[name]}
    if not changed and any(map(used, files.values())):
        raise Fault("the workflows use each other in a circle")
    return changed


def notes(changelog: str, version: str) -> str:
    """The version's section, without its heading.

    Raises:
        Fault: there is no heading `## [version] - YYYY-MM-DD`, or nothing below it.
    """
    heading = r"Unreleased\]" if version == "Unreleased" else rf"{re.escape(version)}\] - \d{{4}}-\d\d-\d\d"
    match = re.search(rf"(?ms)^## \[{heading}\n(.*?)(?=^## \[|\Z)", changelog)
    if match is None or not match[1].strip():
        raise Fault(f"CHANGELOG.md has no section [{version}] with a date, or nothing in it")
    return match[1].strip() + "\n"


def version_of(project: str, package: str) -> str:
    """The version that pyproject.toml and the package agree on.

    Raises:
        Fault: they do not.
    """
    version = str(tomllib.loads(project)["project"]["version"])
    if f'\n__version__ = "{version}"\n' not in package:
        raise Fault(f"pyproject.toml says {version}, and quantci.__version__ does not")
    return version


def agree(tag: str, version: str, changelog: str) -> None:
    """Hold that tag, version and changelog say the same, and that the moving tag may be this release.

    Raises:
        Fault: they do not, or it may not.
    """
    if tag != f"v{version}":
        raise Fault(f"the tag is {tag}, and pyproject.toml says {version}")
    if not re.fullmatch(rf"{MOVING}\.\d+\.\d+", tag):
        raise Fault(f"{tag} is not a release of {MOVING}, the tag that the workflows on main name")
    notes(changelog, version)
