"""Draw the traffic-light data: the same files, byte for byte, on every machine."""

import argparse
import hashlib
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import png
from scene import CLASSES, render

VERSION = 1  # raise it when the pictures change, so that folders drawn before are drawn again
DIGEST_FILE = ".digest"
MANIFEST_FILE = "manifest.csv"
QUIET_S = 2.0

EXAMPLES = """examples:
  python generate.py                       draw data/representative_calib and data/validation beside this file
  python generate.py --split validation    draw that split only
  python generate.py --split train         write the pictures that train.py renders in memory (5,600 files, 70 MB)
  python generate.py --root build/lights  draw below another folder
"""


@dataclass(frozen=True)
class Split:
    """A named set of pictures; its seeds start where no other split's reach."""

    name: str
    folder: str
    count: int
    first_seed: int


@dataclass(frozen=True)
class Plan:
    """A picture that is to be drawn."""

    path: str
    class_index: int
    seed: int


SPLITS = {
    split.name: split
    for split in (
        Split("calib", "representative_calib", 300, 1_000_000),
        Split("validation", "validation", 200, 2_000_000),
        Split("train", "train", 5_600, 3_000_000),
    )
}
DEFAULT_SPLITS = ("calib", "validation")


def plan(split: Split) -> list[Plan]:
    """Return the pictures of a split; the classes take turns, so their counts differ by one at most."""
    return [
        Plan(f"{CLASSES[number % len(CLASSES)]}/{split.name}-{number:04d}.png", number % len(CLASSES), seed)
        for number, seed in enumerate(range(split.first_seed, split.first_seed + split.count))
    ]


def write_split(split: Split, root: Path) -> str:
    """Draw a split below root/data unless it is there already; return what was done, in a line."""
    started = time.monotonic()
    target = root / "data" / split.folder
    if target.exists():
        if not (target / DIGEST_FILE).is_file():
            raise FileExistsError(f"{target} was not written by this generator; move it away or choose another --root")
        if (target / DIGEST_FILE).read_text().strip() == digest(split, target):
            return f"{split.name}: {split.count} images are up to date in {target}"
    target.parent.mkdir(parents=True, exist_ok=True)
    # The finished folder is moved into place in one step: an interrupted run leaves what was there before.
    with tempfile.TemporaryDirectory(prefix=f".{split.name}-", dir=target.parent) as scratch:
        fresh = Path(scratch, "fresh")
        _draw(split, fresh)
        total = digest(split, fresh)
        (fresh / DIGEST_FILE).write_bytes(f"{total}\n".encode())
        if target.exists():
            target.rename(Path(scratch, "old"))
        fresh.rename(target)
    return f"{split.name}: {split.count} images in {time.monotonic() - started:.1f} s, sha256 {total[:16]}, {target}"


def digest(split: Split, folder: Path) -> str:
    """Return a sha256 over the generator's version and the names and bytes of all files of a split."""
    total = hashlib.sha256(f"{VERSION} {split.count}\n".encode())
    for path in (MANIFEST_FILE, *(item.path for item in plan(split))):
        file = folder / path
        content = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "missing"
        total.update(f"{path} {content}\n".encode())
    return total.hexdigest()


def _draw(split: Split, folder: Path) -> None:
    for label in CLASSES:
        (folder / label).mkdir(parents=True)
    lines = ["path,label,tags"]
    for item in _with_progress(split):
        pixels, tags = render(item.class_index, item.seed)
        (folder / item.path).write_bytes(png.encode(pixels))
        lines.append(f"{item.path},{CLASSES[item.class_index]},{';'.join(tags)}")
    (folder / MANIFEST_FILE).write_bytes("\n".join([*lines, ""]).encode())


def _with_progress(split: Split) -> Iterator[Plan]:
    told = time.monotonic()
    for done, item in enumerate(plan(split)):
        if time.monotonic() - told > QUIET_S:
            told = time.monotonic()
            print(f"{split.name}: {done} of {split.count}", file=sys.stderr, flush=True)
        yield item


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    here = Path(__file__).resolve().parent
    parser.add_argument("--root", type=Path, default=here, metavar="DIR", help="write below DIR/data (default: here)")
    parser.add_argument(
        "--split", choices=(*SPLITS, "all"), help="one split, or all three (default: calib and validation)"
    )
    options = parser.parse_args(arguments)
    names = DEFAULT_SPLITS if options.split is None else tuple(SPLITS) if options.split == "all" else (options.split,)
    try:
        for name in names:
            print(write_split(SPLITS[name], options.root), flush=True)
    except OSError as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("generate.py: interrupted; no split was left half written", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
