"""Stories in the documents that a real run tells: `sh nox.sh -s stories`. It needs TensorFlow, and a browser.

What the probe prints for a model that was trained on BGR without antialias stands in docs/configuration.md; the comment
on a model that is normalised twice is docs/normalised-twice.png.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.picture import draw
from tests.integration import make_camera, make_sources
from tests.integration.pictures import LABELS, write_images

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build" / "stories"
DOCUMENT = ROOT / "docs" / "configuration.md"
PICTURE = ROOT / "docs" / "normalised-twice.png"
BLOCK = re.compile(r"(<!-- story: probe -->\n).*?(<!-- end of story -->)", re.DOTALL)
_SHOWN = 6  # lines of the ranking, with its head


def main() -> None:
    shutil.rmtree(PLACE, ignore_errors=True)
    tell_probe(PLACE / "camera")
    tell_normalised_twice(PLACE / "twice")


def tell_probe(folder: Path) -> None:
    """What `quantci probe` prints, the middle of its ranking left out."""
    make(make_camera.__file__, folder)
    quantci(folder, "init", "camera.tflite", "--evaluation-data", "evaluation")
    change(folder, r"^labels = .*$", f"labels = {json.dumps(make_camera.NAMES)}")
    ranking, _, found = quantci(folder, "probe").partition("\n\n")
    rows = [line.rstrip() for line in ranking.splitlines()]
    configured = next(row for row in rows if row.startswith("as configured "))
    text = "\n".join(["$ quantci probe", *rows[:_SHOWN], "...", configured, "", found.rstrip()])
    document = DOCUMENT.read_text(encoding="utf-8")
    block = f"```console\n{text}\n```\n"
    DOCUMENT.write_text(BLOCK.sub(lambda old: old[1] + block + old[2], document), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT}\n")


def tell_normalised_twice(folder: Path) -> None:
    """A model that divides by 255 itself, under the configuration that `init` wrote before it read layers."""
    make(make_sources.__file__, folder / "made")
    shutil.copy(folder / "made" / "rescaled.keras", folder / "model.keras")
    write_images(folder / "data" / "calibration", 70, 0)
    write_images(folder / "data" / "validation", 60, 500)
    quantci(folder, "init", "model.keras")
    change(folder, r"^labels = .*$", f"labels = {json.dumps(LABELS)}")
    change(folder, r"^preprocess = .*$", "mean = [0.0]\nstd = [255.0]")
    quantci(folder, "pipeline")
    draw(folder / "build" / "quantci" / "report.md", PICTURE, 874, 1048, [])


def make(script: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    subprocess.run([sys.executable, script, folder], check=True, capture_output=True)


def change(folder: Path, pattern: str, line: str) -> None:
    config = folder / "quantci.toml"
    text, count = re.subn(pattern, lambda _: line, config.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert count == 1, pattern
    config.write_text(text, encoding="utf-8")


def quantci(folder: Path, *arguments: str) -> str:
    """What it prints; it has to succeed."""
    command = [sys.executable, "-m", "quantci", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
