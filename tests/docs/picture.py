"""Draw docs/comment.png: a comment as GitHub shows it, by a real browser. `sh nox.sh -s picture`."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from jinja2 import Template
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "examples/relu6-residual/build/quantci/report.md"
PICTURE = ROOT / "docs/comment.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def draw(report: Path, picture: Path, width: int, height: int, unfolded: list[str]) -> None:
    """Render the Markdown, with these of its parts unfolded, and let the browser take a picture of it."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"picture: no browser was found: install one of {', '.join(BROWSERS)}")
    if not report.is_file():
        sys.exit(f"picture: there is no {report}: run its pipeline first")
    text = report.read_text(encoding="utf-8")
    for title in unfolded:
        text = text.replace(f"<details><summary>{title}</summary>", f"<details open><summary>{title}</summary>")
    body = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "comment.html")
        template = Template((Path(__file__).parent / "comment.html.j2").read_text(encoding="utf-8"))
        page.write_text(template.render(body=body, width=width - 34), encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        command += ["--disable-background-networking", "--disable-sync", f"--user-data-dir={folder}/profile"]
        command += [f"--window-size={width},{height}", f"--screenshot={picture}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    sys.stdout.write(f"{picture}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, default=REPORT, help="report.md (default: of examples/relu6-residual)")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="where to (default: docs/comment.png)")
    parser.add_argument("--width", type=int, default=874, help="in pixels; a phone has 390")
    parser.add_argument("--height", type=int, default=1190, help="in pixels")
    parser.add_argument("--unfold", nargs="*", default=["Advice", "Loss waterfall"], help="titles of folded parts")
    arguments = parser.parse_args()
    draw(arguments.report, arguments.picture, arguments.width, arguments.height, arguments.unfold)
