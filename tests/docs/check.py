"""Check the documents: links lead somewhere, and the commands in them exist. `sh nox.sh -s docs` runs it."""

import ast
import itertools
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
IGNORED_FOLDERS = {".git", ".nox", "build", "node_modules"}
SHELLS = {"sh", "bash", "console", "shell"}
MARKDOWN = MarkdownIt("commonmark").enable("table")


def documents() -> list[Path]:
    """Every Markdown file of the checkout, but those of test data."""
    found = []
    for folder, subfolders, files in os.walk(ROOT):
        subfolders[:] = [name for name in subfolders if name not in IGNORED_FOLDERS]
        found += [Path(folder, name).relative_to(ROOT) for name in files if name.endswith(".md")]
    return sorted(path for path in found if path.parts[:2] != ("tests", "data"))


def anchors(document: Path) -> set[str]:
    """The fragments that GitHub gives the headings of a document."""
    seen: Counter[str] = Counter()
    result = set()
    tokens = MARKDOWN.parse((ROOT / document).read_text(encoding="utf-8"))
    for before, token in itertools.pairwise(tokens):
        if before.type == "heading_open":
            text = "".join(child.content for child in token.children or [])
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            result.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return result


def links(document: Path) -> Iterator[str]:
    """The targets of a document's links and images, those in its HTML too."""
    for token in MARKDOWN.parse((ROOT / document).read_text(encoding="utf-8")):
        for part in (token, *(token.children or [])):
            for attribute in ("href", "src"):
                if value := part.attrGet(attribute):
                    yield str(value)
            if part.type in {"html_block", "html_inline"}:
                yield from re.findall(r"(?:href|src)=[\"']([^\"']+)", part.content)


def broken_links(document: Path) -> Iterator[str]:
    for link in links(document):
        if re.match(r"[a-z]+:", link):  # another host's, or a mail address
            continue
        path, _, fragment = link.partition("#")
        target = ROOT / document.parent / path if path else ROOT / document
        if not target.exists():
            yield f"{document}: the link {link} leads nowhere"
        elif fragment and target.suffix == ".md" and fragment not in anchors(target.resolve().relative_to(ROOT)):
            yield f"{document}: the link {link} names no heading there"


def commands(document: Path) -> Iterator[list[str]]:
    """The commands in a document's shell blocks, as words."""
    for token in MARKDOWN.parse((ROOT / document).read_text(encoding="utf-8")):
        if token.type == "fence" and token.info.split()[:1] and token.info.split()[0] in SHELLS:
            for line in token.content.replace("\\\n", " ").splitlines():
                if words := shlex.split(line.removeprefix("$ "), comments=True):
                    yield words


def session_names() -> set[str]:
    """The functions in noxfile.py that nox runs."""
    functions = (
        node for node in ast.parse((ROOT / "noxfile.py").read_text()).body if isinstance(node, ast.FunctionDef)
    )
    return {
        function.name
        for function in functions
        if any("nox.session" in ast.unparse(part) for part in function.decorator_list)
    }


def usage(command: str) -> str | None:
    """What `quantci COMMAND --help` says; None where there is no such command."""
    script = Path(sys.executable).with_name("quantci")
    result = subprocess.run([script, command, "--help"], capture_output=True, text=True, check=False)
    return result.stdout if result.returncode == 0 else None


def unknown_commands(document: Path) -> Iterator[str]:
    for words in commands(document):
        if words[:2] == ["sh", "nox.sh"] or words[0] == "nox":
            ours = words[: words.index("--")] if "--" in words else words
            named = ours[ours.index("-s") + 1 :] if "-s" in ours else []
            for name in sorted({re.sub(r"-3\.\d+$", "", word) for word in named} - session_names()):
                yield f"{document}: nox has no session {name}"
        elif words[0] == "quantci" and len(words) > 1 and not words[1].startswith("-"):
            text = usage(words[1])
            if text is None:
                yield f"{document}: quantci has no command {words[1]}"
                continue
            for option in (word.partition("=")[0] for word in words[2:] if word.startswith("--")):
                if not re.search(rf"{re.escape(option)}\b", text):
                    yield f"{document}: quantci {words[1]} has no option {option}"


def untold_test_command() -> Iterator[str]:
    """CI runs the command that the README tells people to run."""
    found = re.search(r"^sh nox\.sh -s( [a-z][a-z0-9]*)+", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    command = found[0].split() if found else []
    if command not in list(commands(Path("README.md"))):
        yield f"README.md: the test command of .ci/run is not there: {' '.join(command)}"


def main() -> int:
    """Print what is wrong with the documents; 1 if anything is."""
    all_documents = documents()
    problems = [
        problem for document in all_documents for problem in (*broken_links(document), *unknown_commands(document))
    ]
    problems += untold_test_command() if Path("README.md") in all_documents else ["README.md is missing"]
    for problem in problems:
        print(problem)
    print(f"{len(all_documents)} documents, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
