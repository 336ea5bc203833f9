"""The shards in a folder: found, and one of each number."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from quantci.data.culprits import first_of, printable
from quantci.errors import ConfigError, DataRejected, ModelRejected, QuantciError, ToolError
from quantci.records.base import read
from quantci.records.shard import Shard, ShardRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from quantci.records.shard import ShardResult
    from quantci.records.stage import Provenance

_NAME = re.compile(r"evaluate-([1-9][0-9]{0,3})-of-([1-9][0-9]{0,3})\.json")
_MOST_RECORD_BYTES = 1024**3  # of the two million samples that a set may have each takes less than 500
_KINDS: dict[str, type[QuantciError]] = {kind.status: kind for kind in (ConfigError, ModelRejected, DataRejected)}


class Found(NamedTuple):
    """A shard that ended well: where its record is, and what it says."""

    path: Path
    shard: Shard
    provenance: Provenance
    result: ShardResult


def find_shards(folder: Path) -> list[Found]:
    """The shards whose records lie in the folder or in a direct subfolder, by number: one of each, but some may lack.

    actions/download-artifact makes one folder per artifact, unless it is told to merge them.

    Raises:
        ConfigError: `shard-missing`: there is none; `shard-foreign`: they are shares of different numbers of shards;
            `shard-double`.
        QuantciError: `shard-failed`, of the kind that the shard's own fault was.
        ToolError: `schema` or `unreadable`.
    """
    paths = list(_candidates(folder))
    if not paths:
        raise ConfigError(
            "shard-missing",
            "There is no shard here.",
            where=str(folder),
            remedy="Run quantci evaluate with --shard 1/4 up to 4/4, and copy evaluate-*-of-4.json and .npz here.",
        )
    records = [(path, _read(path)) for path in paths]
    _check_numbers([(path, record.shard) for path, record in records])
    found = []
    for path, record in sorted(records, key=lambda item: item[1].shard.index):
        if record.result is None:
            raise _failed(path, record)
        found.append(Found(path, record.shard, record.provenance, record.result))
    return found


def check_complete(found: Sequence[Found]) -> None:
    """Refuse to judge a part of the set.

    Raises:
        ConfigError: `shard-missing`, with the numbers of those that lack.
    """
    count = found[0].shard.count
    there = {one.shard.index for one in found}
    lacking = [index for index in range(1, count + 1) if index not in there]
    if lacking:
        raise ConfigError(
            "shard-missing",
            f"{name_shards(lacking, count)} {'is' if len(lacking) == 1 else 'are'} missing.",
            where=str(found[0].path.parent),
            remedy=f"Run quantci evaluate with --shard {lacking[0]}/{count}"
            f"{' and so on' if len(lacking) > 1 else ''}, and copy what it writes here.",
        )


def name_shards(numbers: Iterable[int], count: int) -> str:
    """`Shard 2 of 4`, `Shards 2 and 4 of 4`, `Shards 1, 2, 3, 4, 5 and 3 more of 9`."""
    words = [str(number) for number in numbers]
    if len(words) == 1:
        return f"Shard {words[0]} of {count}"
    several = f"{', '.join(words[:-1])} and {words[-1]}" if len(words) <= 5 else first_of(words)
    return f"Shards {several} of {count}"


def _candidates(folder: Path) -> Iterator[Path]:
    try:
        for path in sorted(folder.iterdir()):
            inside = sorted(path.iterdir()) if path.is_dir() else [path]
            yield from (file for file in inside if _NAME.fullmatch(file.name) and file.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise ToolError(
            "unreadable",
            f"This folder cannot be read: {error.strerror}.",
            where=str(error.filename or folder),
            remedy="Give the user that runs quantci permission to read it.",
        ) from None


def _read(path: Path) -> ShardRecord:
    if path.stat().st_size > _MOST_RECORD_BYTES:
        raise ToolError(
            "schema",
            "This file is larger than the record of a shard can be.",
            where=str(path),
            remedy="Remove it, and run this shard again.",
        )
    record = read(path, ShardRecord)
    if record.shard.record_file != path.name:
        raise ConfigError(
            "shard-foreign",
            f"This is the record of shard {record.shard.index} of {record.shard.count} under another name.",
            where=str(path),
            remedy="Restore its name, or run this shard again.",
        )
    return record


def _check_numbers(shards: Sequence[tuple[Path, Shard]]) -> None:
    counts = Counter(shard.count for _, shard in shards)
    if len(counts) > 1:
        usual = counts.most_common(1)[0][0]
        others = [str(path) for path, shard in shards if shard.count != usual]
        raise ConfigError(
            "shard-foreign",
            f"These shards divide the set differently from the others, which are {usual}: {first_of(others)}.",
            where=others[0],
            remedy="Keep the files of one division of the set, and remove the others.",
        )
    places: dict[int, list[Path]] = {}
    for path, shard in shards:
        places.setdefault(shard.index, []).append(path)
    for index, paths in sorted(places.items()):
        if len(paths) > 1:
            raise ConfigError(
                "shard-double",
                f"Shard {index} of {max(counts)} was found {len(paths)} times: {first_of([str(p) for p in paths])}.",
                where=str(paths[0]),
                remedy="Keep the one of this run, and remove the others.",
            )


def _failed(path: Path, record: ShardRecord) -> QuantciError:
    """If a shard failed, the whole fails, with a fault of the same kind; a stopped shard may be run again."""
    failure = record.failure
    cause = "it has no result" if failure is None else f"{printable(failure.cause, 1000)} [{failure.code}]"
    return _KINDS.get(record.status, ToolError)(
        "shard-failed",
        f"Shard {record.shard.index} of {record.shard.count} did not finish: {cause}",
        where=str(path),
        remedy=f"{printable(failure.remedy, 1000) if failure else 'Look at what it said.'} Then run it again.",
    )
