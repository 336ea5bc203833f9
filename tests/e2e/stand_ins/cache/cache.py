"""Stand-in for actions/cache: STAND_IN_STORE/caches/<version>/<number>-<key>.tar.

Kept of the real one: the version is made of the list of paths (other paths, other cache); a key is saved once (a
second time is no error); restore-keys are prefixes, in order, and the newest match wins; cache-hit is `true` for the
exact key, `false` for a prefix and empty when nothing was found; a key has at most 512 characters and no comma.

RUNNER_TEMP and the workspace are always the same on a real runner and never in act: below them, paths are stored
relative to them.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tarfile
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PLACES = {"temporary": os.environ["RUNNER_TEMP"], "workspace": os.environ["GITHUB_WORKSPACE"]}


class Entry(NamedTuple):
    """A saved cache; the higher its number, the newer."""

    number: int
    key: str
    archive: Path


def stored(path: str) -> str:
    """A path as it stands in an archive: `<place>/<rest>`."""
    absolute = Path(PLACES["workspace"], path)
    for place, folder in PLACES.items():
        if absolute.is_relative_to(folder):
            return f"{place}/{absolute.relative_to(folder)}"
    sys.exit(f"::error::stand-in: {path} is below neither RUNNER_TEMP nor the workspace")


def lines(name: str) -> list[str]:
    """The lines of an input."""
    return [line.strip() for line in os.environ.get(name, "").splitlines() if line.strip()]


def find(saved: Sequence[Entry], keys: Sequence[str]) -> Entry | None:
    """The exact key's, or the newest that starts with the first key that fits any."""
    exact = [entry for entry in saved if entry.key == keys[0]]
    near = [entry for key in keys for entry in saved if entry.key.startswith(key)]
    return next(iter(exact + near), None)


def restore(saved: Sequence[Entry], keys: Sequence[str]) -> None:
    """Unpack what fits, and say so in the outputs."""
    found = find(saved, keys)
    if found is None:
        print("Cache not found for input keys: " + ", ".join(keys))
        return
    with tarfile.open(found.archive) as archive:
        # The store is the test's own. Python 3.11.2 (Debian 12) knows no filters, and no parameter of that name.
        archive.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)
        for member in archive:
            place, _, member.name = member.name.partition("/")
            archive.extract(member, PLACES[place])
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"cache-hit={str(found.key == keys[0]).lower()}\ncache-matched-key={found.key}\n")
    print(f"Cache restored from key: {found.key}")


def save(saved: Sequence[Entry], store: Path, key: str, paths: Sequence[str]) -> None:
    """Pack the paths under the key, unless that is taken."""
    found = [Path(PLACES["workspace"], path) for path in paths if Path(PLACES["workspace"], path).exists()]
    if any(entry.key == key for entry in saved):
        print(f"Cache {key} is there already, not saving")
    elif not found:
        print("::warning::Path Validation Error: the paths do not exist, hence no cache is being saved.")
    else:
        part = store / f".{os.getpid()}"
        with tarfile.open(part, "w") as archive:
            for path in found:
                archive.add(path, arcname=stored(str(path)))
        number = max((entry.number for entry in saved), default=0) + 1
        part.rename(store / f"{number}-{urllib.parse.quote(key, safe='')}.tar")
        print(f"Cache saved with key: {key}")


def main() -> None:
    """Do what IN_MODE says."""
    paths, key = lines("IN_PATH"), os.environ["IN_KEY"]
    keys = [key, *lines("IN_RESTORE_KEYS")]
    if not paths or not key:
        sys.exit("::error::Input required and not supplied")
    if any(len(one) > 512 or "," in one for one in keys):
        sys.exit("::error::Key Validation Error: a key has at most 512 characters and no comma")
    version = hashlib.sha256("\n".join(map(stored, paths)).encode()).hexdigest()[:16]
    store = Path(os.environ["STAND_IN_STORE"], "caches", version)
    store.mkdir(parents=True, exist_ok=True)
    named = [(path.stem.split("-", 1), path) for path in store.glob("*.tar")]
    entries = [Entry(int(number), urllib.parse.unquote(quoted), path) for (number, quoted), path in named]
    newest_first = sorted(entries, reverse=True)
    if os.environ["IN_MODE"] == "restore":
        restore(newest_first, keys)
    else:
        save(newest_first, store, key, paths)


main()
