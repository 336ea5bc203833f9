"""actions/*/action.yml and the workflows: what GitHub reads only when it is too late."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.action_files import ROOT, read, table
from tests.golden import (
    example_bench_record,
    example_diagnose_record,
    example_embed_record,
    example_evaluate_record,
    example_quantize_record,
    example_report,
)

from quantci.cli.inputs import ACTIONS as COMMANDS
from quantci.cli.options import all_keys
from quantci.github.runner.install import FOLDER
from quantci.github.runner.outcome import tell
from quantci.github.runner.step_outputs import FIGURES, report_figures

# By the name of its command, which is that of the folder but for one.
FOLDERS = {"bench": "hw-bench"}
COMMAND_OF = {folder: command for command, folder in FOLDERS.items()}
ALL = {COMMAND_OF.get(path.parent.name, path.parent.name): path for path in sorted(ROOT.glob("actions/*/action.yml"))}
# Those of the reusable workflow: nothing is installed for them.
OWN = ("check", "firmware", "prepare")
ACTIONS = {name: path for name, path in ALL.items() if name not in OWN}
REUSABLE = {name: ROOT / f".github/workflows/model-{name}.yml" for name in ("measure", "device", "ci")}
FILES = [
    ROOT / "action.yml",
    *ALL.values(),
    *sorted(ROOT.glob(".github/workflows/*.yml")),
    *sorted(ROOT.glob("examples/workflows/*.yml")),
]
PIN = r"uses: ([\w-]+/[\w-]+)\S*@([0-9a-f]{40}) # (v\S+)"
NAMES = [str(path.relative_to(ROOT)) for path in FILES]


def steps_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All steps of an action or of a workflow."""
    for holder in document.get("jobs", {"": document.get("runs", {})}).values():
        yield from holder.get("steps", [])


def uses(path: Path) -> list[str]:
    """What stands behind every `uses:`, with its comment."""
    return re.findall(r"(?m)^\s*(?:- )?uses: (.+)$", path.read_text(encoding="utf-8"))


def readme(action: str) -> Path:
    """What says what an action does."""
    return ROOT / "actions" / FOLDERS.get(action, action) / "README.md"


@pytest.mark.parametrize("action", OWN)
def test_inputs_of_the_workflows_own_actions_stand_in_their_readme(action: str) -> None:
    said = {name: row for name, *row in table(readme(action), "input | default | what it is")}
    inputs = read(ALL[action])["inputs"]
    assert said == {name: [one.get("default", ""), one["description"]] for name, one in inputs.items()}


def test_the_actions_are_there() -> None:
    assert set(ACTIONS) == set(COMMANDS) - {"merge"}


@pytest.mark.parametrize("action", ACTIONS)
def test_inputs_stand_in_the_readme(action: str) -> None:
    inputs = read(ACTIONS[action])["inputs"]
    said = {name: row for name, *row in table(readme(action), "input | default | what it is")}
    assert list(said) == list(inputs)
    for name, one in inputs.items():
        assert said[name] == [one["default"], one["description"]], name
        assert one["required"] is False


@pytest.mark.parametrize("action", ACTIONS)
def test_outputs_stand_in_the_readme(action: str) -> None:
    outputs = read(ACTIONS[action])["outputs"]
    assert table(readme(action), "output | what it is") == [[name, one["description"]] for name, one in outputs.items()]
    for name, one in outputs.items():
        assert one["value"] == f"${{{{ steps.run.outputs.{name} }}}}"


@pytest.mark.parametrize("action", ACTIONS)
def test_every_input_reaches_the_command_by_a_variable(action: str) -> None:
    document = read(ACTIONS[action])
    given = {name: value for step in steps_of(document) for name, value in step.get("env", {}).items()}
    passed = {
        match[1]: name for name, value in given.items() if (match := re.fullmatch(r"\${{ inputs\.(.+) }}", value))
    }
    assert set(passed) == set(document["inputs"])
    known = {"QUANTCI_CONFIG", "QUANTCI_OUTPUT_DIR", "QUANTCI_ALLOW_CODE", "QUANTCI_SHARD_COUNT"}
    known |= {"QUANTCI_PACKAGES"} if action == "quantize" else set()  # the installation's
    own = (*COMMANDS[action], *(COMMANDS["merge"] if action == "evaluate" else ()))
    known |= {"GITHUB_TOKEN", *(one.variable for one in own)}
    known |= {f"QUANTCI_{key.path.replace('.', '_').upper()}" for key in all_keys()}
    assert set(passed.values()) <= known


@pytest.mark.parametrize("action", ACTIONS)
def test_every_output_is_one_that_the_command_sets(action: str) -> None:
    output = Path("build/quantci")
    report = example_report(baseline=example_report())
    records: list[Any] = [
        example_quantize_record(),
        example_evaluate_record(),
        example_diagnose_record(),
        example_embed_record(),
        example_bench_record(),
    ]
    own = {"quantize": {"shards"}, "evaluate": {"shard-name", "metric-lost"}}
    figures = {
        record.stage: {*FIGURES[record.stage](record.result, output), "record"} | own.get(record.stage, set())
        for record in records
    } | {
        "report": {*report_figures(report, output)},
        "comment": {"url", "result"},
    }
    assert set(read(ACTIONS[action])["outputs"]) == figures[action] | {"status", "code", "exit-code"} - (
        {"status"} if action == "comment" else set()
    )


def test_the_figures_are_what_a_runner_is_told() -> None:
    told = tell(example_report(), Path("build/quantci"), Path("quantci.toml"), Path())
    assert set(told.outputs) == {*report_figures(example_report(), Path()), "status", "code"}


def test_all_actions_install_in_the_same_way() -> None:
    installs = []
    for action, path in ACTIONS.items():
        steps = list(steps_of(read(path)))
        assert tuple(step["id"] for step in steps) == ("plan", "python", "install", "run")
        if action == "quantize":  # TensorFlow and PyTorch are installed only where the model needs them
            named = {
                "QUANTCI_CONFIG": "${{ inputs.config }}",
                "QUANTCI_MODEL_SOURCE": "${{ inputs.model-source }}",
                "QUANTCI_ALLOW_CODE": "${{ inputs.allow-code }}",
                "QUANTCI_PACKAGES": "${{ inputs.packages }}",
            }
            assert steps[0].pop("env") == named
            for name in named:
                del steps[2]["env"][name]
        installs.append(re.sub(rf"(plan|install) {action}\b", r"\1 ACTION", yaml.safe_dump(steps[:3])))
        assert steps[3]["run"] == f'exec "$QUANTCI_PYTHON" -I -m quantci action {action}'
    assert len(set(installs)) == 1


def test_no_action_restores_a_cache() -> None:
    """Whoever saved it could have put anything into it, and uv does not check it again."""
    assert not [use for path in ACTIONS.values() for use in uses(path) if use.startswith("actions/cache")]


@pytest.mark.parametrize("action", ACTIONS)
def test_the_python_that_is_brought_along_stays_ours(action: str) -> None:
    (step,) = (step for step in steps_of(read(ACTIONS[action])) if "uses" in step)
    assert step["if"] == "steps.plan.outputs.python-version != ''", "only where the machine has none"
    assert step["with"]["update-environment"] is False


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_expression_is_part_of_a_script(path: Path) -> None:
    for step in steps_of(read(path)):
        assert "${{" not in step.get("run", ""), step
        assert step.get("shell", "bash") == "bash"


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_actions_of_others_are_pinned_by_commit(path: Path) -> None:
    for use in uses(path):
        ours = (
            r"\./actions/[a-z-]+|org/quantci(/actions/[a-z-]+|/\.github/workflows/model-(ci|device|measure)\.yml)?@v1"
        )
        assert re.fullmatch(rf"{ours}|[\w./-]+@[0-9a-f]{{40}} # v\d+\.\d+\.\d+", use), use


def test_an_action_has_one_pin_everywhere() -> None:
    readmes = [*sorted(ROOT.glob("actions/*/README.md")), *sorted(ROOT.glob("docs/*.md")), ROOT / "README.md"]
    pins: dict[str, set[str]] = {}
    for path in [*FILES, *readmes]:
        for name, rest, version in re.findall(PIN, path.read_text("utf-8")):
            pins.setdefault(name, set()).add(f"{rest} {version}")
    assert pins
    assert {name: found for name, found in pins.items() if len(found) > 1} == {}


def test_the_comment_on_a_strangers_report_runs_nothing_of_it() -> None:
    """Its token may write: no checkout, no cache, no script, and the artifact by its exact name."""
    document = read(ROOT / "examples/workflows/fork-comment.yml")
    (job,) = document["jobs"].values()
    assert (document["permissions"], job["permissions"]) == ({}, {"actions": "read", "pull-requests": "write"})
    download, comment = job["steps"]
    assert set(download) == set(comment) == {"name", "uses", "with"}
    assert download["uses"].startswith("actions/download-artifact@")
    assert {"name", "run-id"} <= set(download["with"])
    assert download["with"]["path"] == "${{ runner.temp }}/quantci", "not the workspace"
    assert not download["with"]["path"].endswith(FOLDER), "nor where an environment would be taken from"
    assert comment["with"] == {"report": f"{download['with']['path']}/report.json"}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_our_own_actions_get_only_inputs_that_they_have(path: Path) -> None:
    """Neither a runner's log nor actionlint says more than a word about an input with a wrong name."""
    for step in steps_of(read(path)):
        if match := re.fullmatch(r"(?:\.|org/quantci)(/actions/[a-z-]+)?(?:@v1)?", step.get("uses", "")):
            action = read(ROOT / (match[1] or "").strip("/") / "action.yml")
            assert set(step.get("with", {})) <= set(action["inputs"])


def call(name: str) -> dict[str, Any]:
    """What a reusable workflow takes and gives; YAML takes the key `on` for a truth."""
    document: dict[Any, Any] = yaml.safe_load(REUSABLE[name].read_text(encoding="utf-8"))
    found: dict[str, Any] = document[True]["workflow_call"]
    return found


def test_both_workflows_take_the_same_and_one_hands_it_on() -> None:
    measure, ci = call("measure"), call("ci")
    assert ci["inputs"] == measure["inputs"]
    assert ci["secrets"] == measure["secrets"]
    job = read(REUSABLE["ci"])["jobs"]["measure"]
    assert job["with"] == {name: f"${{{{ inputs.{name} }}}}" for name in measure["inputs"]}
    assert job["secrets"] == {name: f"${{{{ secrets.{name} }}}}" for name in measure["secrets"]}
    handed = {name: f"${{{{ jobs.device.outputs.{name} || jobs.measure.outputs.{name} }}}}" for name in ci["outputs"]}
    assert {name: one["value"] for name, one in ci["outputs"].items()} == handed
    assert set(ci["outputs"]) == set(measure["outputs"]) - {"refused", "baseline"}


def test_a_device_that_does_not_come_holds_up_neither_report_nor_comment() -> None:
    """H22: a job that no runner takes waits for a day; whoever needs it waits as long, and so does a workflow's end."""
    measure, ci = read(REUSABLE["measure"])["jobs"], read(REUSABLE["ci"])["jobs"]
    assert measure.keys() == {"quantize", "evaluate", "report"}
    assert [job for job in ci if "device" in ci[job].get("needs", [])] == ["device-comment"]
    assert ci["comment"]["needs"] == "measure"
    (first,) = (step for step in measure["report"]["steps"] if step.get("id") == "report")
    assert first["with"]["device-job"] == "${{ inputs.emulated && 'waiting' || '' }}"


def test_a_device_that_fails_still_gets_a_report_that_says_how() -> None:
    jobs = read(REUSABLE["device"])["jobs"]
    device, report = jobs["emulated"], jobs["report"]
    assert (report["needs"], report["if"]) == ("emulated", "${{ !cancelled() }}")
    (second,) = (step for step in report["steps"] if step.get("id") == "report")
    assert second["with"]["device-job"] == "${{ needs.emulated.result }}"
    assert [job["permissions"] for job in (device, report)] == [{"contents": "read"}] * 2
    ours = read(REUSABLE["ci"])["jobs"]
    assert "inputs.emulated" in ours["device"]["if"]
    assert "!cancelled()" in ours["device-comment"]["if"]
    assert ours["device-comment"]["steps"] == ours["comment"]["steps"]


def test_the_device_gets_what_the_measurement_got() -> None:
    given, taken = read(REUSABLE["ci"])["jobs"]["device"]["with"], call("device")
    assert given.pop("baseline") == "${{ needs.measure.outputs.baseline }}"
    assert given == {name: f"${{{{ inputs.{name} }}}}" for name in taken["inputs"] if name != "baseline"}
    assert {name: call("ci")["inputs"][name] for name in given} == {name: taken["inputs"][name] for name in given}


def test_what_measures_asks_for_no_right_to_write() -> None:
    """GitHub looks at the permissions of every job before its `if`, and refuses the whole run."""
    asked = [job["permissions"] for job in read(REUSABLE["measure"])["jobs"].values()]
    assert asked == [{"contents": "read"}] * len(asked)


@pytest.mark.parametrize("name", REUSABLE)
def test_no_model_of_a_run_can_cancel_another(name: str) -> None:
    """A group of a called workflow holds within a run, too; equal ones in both files would lock each other."""
    document = read(REUSABLE[name])
    assert "concurrency" not in document
    assert not [job for job in document["jobs"].values() if "concurrency" in job]


@pytest.mark.parametrize("name", ["measure", "device"])
def test_secrets_reach_the_command_that_prepares_and_nothing_else(name: str) -> None:
    for step in steps_of(read(REUSABLE[name])):
        is_prepare = step.get("uses") == "org/quantci/actions/prepare@v1"
        assert ("secrets." in str(step)) == is_prepare, step


def test_the_inputs_are_checked_first() -> None:
    document = read(REUSABLE["measure"])
    first, *others = document["jobs"].values()
    assert first["steps"][0]["uses"] == "org/quantci/actions/check@v1"
    assert "needs" not in first
    assert all("quantize" in job["needs"] for job in others)


@pytest.mark.parametrize("name", ["measure", "ci"])
def test_inputs_of_the_workflow_stand_in_the_docs(name: str) -> None:
    text = (ROOT / "docs/workflows.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| `([a-z-]+)` \| (?:`(.*?)`)? ?\| ", text[text.index("| input | default |") :])
    given = {one: str(value["default"]).lower() for one, value in call(name)["inputs"].items()}
    assert dict(rows[: len(given)]) == given


def test_outputs_of_the_workflow_stand_in_the_docs_and_are_those_of_the_report() -> None:
    outputs = {name: one["description"] for name, one in call("ci")["outputs"].items()}
    assert dict(table(ROOT / "docs/workflows.md", "output | what it is")) == outputs
    assert set(outputs) <= set(read(ACTIONS["report"])["outputs"])
    given = read(REUSABLE["measure"])["jobs"]["report"]["outputs"]
    assert given == {name: f"${{{{ steps.report.outputs.{name} }}}}" for name in outputs}


def fences_of(document: str) -> list[str]:
    """The YAML in a document."""
    return re.findall(r"(?ms)^```yaml\n(.*?)^```", (ROOT / document).read_text(encoding="utf-8"))


def test_what_the_docs_show_is_a_part_of_an_example() -> None:
    """Those are linted, and run by tests/e2e."""
    examples = [path.read_text(encoding="utf-8") for path in ROOT.glob("examples/workflows/*.yml")]
    fences = fences_of("docs/workflows.md")
    assert len(fences) >= 4
    assert [fence for fence in fences if not any(text.endswith(fence) for text in examples)] == []


def test_the_readme_shows_the_example() -> None:
    assert (ROOT / "examples/workflows/model-ci.yml").read_text(encoding="utf-8") in fences_of("README.md")


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/workflows/*.yml")), ids=lambda path: path.stem)
def test_an_example_gives_the_workflow_only_inputs_and_secrets_that_it_has(path: Path) -> None:
    for job in read(path)["jobs"].values():
        if match := re.fullmatch(r"org/quantci/\.github/workflows/model-(\w+)\.yml@v1", job.get("uses", "")):
            assert set(job.get("with", {})) <= set(call(match[1])["inputs"])
            assert set(job.get("secrets", {})) <= set(call(match[1])["secrets"])


def test_a_measurement_that_fails_is_commented_all_the_same() -> None:
    """Act does not get so far: it ends a workflow at the first one that it calls and that fails."""
    condition = read(REUSABLE["ci"])["jobs"]["comment"]["if"]
    assert "!cancelled()" in condition, "a status function: without one GitHub adds success()"
    assert "result" not in condition
