"""What `act --json` says about a run, as GitHub would show it: jobs, steps, outputs, summaries, annotations."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple


class Annotation(NamedTuple):
    """A line of the log that the page of the run shows; of a file, where it names one."""

    job: str
    step: str
    level: str
    text: str
    title: str = ""
    file: str = ""
    line: str = ""


class Log:
    """A run. A job goes by its name, below its caller's and workflow's; a step by its ids: `report` or `report/run`."""

    def __init__(self, run_id: str, lines: Iterable[str]) -> None:
        self.run_id = run_id
        self.jobs: dict[str, str] = {}
        """Result of each job that ran; one that was skipped is not in here."""
        self.steps: dict[tuple[str, str], str] = {}
        """Result of each step that ran."""
        self.outputs: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self.summaries: list[tuple[str, str, str]] = []
        """Job, step and Markdown."""
        self.annotations: list[Annotation] = []
        self.lines: list[tuple[str, str, str]] = []
        """Job, step and what was printed."""
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # act's own last word is plain text
            self._add(entry, entry.get("job", "").strip(), "/".join(entry.get("stepID", [])))

    def _add(self, entry: dict[str, Any], job: str, step: str) -> None:
        command = entry.get("command")
        if "jobResult" in entry and self.jobs.get(job) != "failure":  # jobs of a matrix of workflows have one name
            self.jobs[job] = entry["jobResult"]
        if "stepResult" in entry and entry.get("stage") == "Main":
            self.steps[job, step] = entry["stepResult"]
        if command == "set-output":
            self._add_output(job, step, entry["name"], entry["arg"])
        elif command == "summary":
            self._add_summary(job, step, entry["content"])
        elif command in {"error", "warning", "notice"}:
            self.annotations.append(_annotation(job, step, entry["raw"]))
        self.lines.append((job, step, entry.get("msg", "")))

    def _add_output(self, job: str, step: str, name: str, value: str) -> None:
        """Act reports the outputs of a composite action's last step once more, as the action's own."""
        inner = [values for (had, at), values in self.outputs.items() if had == job and at.startswith(f"{step}/")]
        if not (name in self.outputs[job, step] and any(values.get(name) == value for values in inner)):
            self.outputs[job, step][name] = value

    def _add_summary(self, job: str, step: str, text: str) -> None:
        """Act reports the summary of a composite action's last step once more, as the action's own."""
        last = next((known for known in reversed(self.summaries) if known[0] == job), ("", "", ""))
        if not (last[1].startswith(f"{step}/") and last[2] == text):
            self.summaries.append((job, step, text))

    def output(self, step: str, name: str, job: str | None = None) -> str:
        """An output of a step."""
        (found,) = [values[name] for (had, at), values in self.outputs.items() if at == step and job in {None, had}]
        return found

    def text(self, job: str = "", step: str = "") -> str:
        """What was printed, all of it or of one job or step."""
        return "\n".join(
            line.rstrip("\n") for had, at, line in self.lines if job in {"", had} and (at + "/").startswith(step)
        )


def _annotation(job: str, step: str, raw: str) -> Annotation:
    match = re.fullmatch(r"::(\w+)(?: (.*?))?::(.*)", raw.strip(), re.DOTALL)
    assert match is not None, raw
    fields = dict(pair.split("=", 1) for pair in (match[2] or "").split(",") if pair)
    named = {name: _unescape(fields.get(name, "")) for name in ("title", "file", "line")}
    return Annotation(job, step, match[1], _unescape(match[3]), **named)


def _unescape(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text
