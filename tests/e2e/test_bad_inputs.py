"""What a user, or a stranger's pull request, can give to the actions: one annotation by name, and no way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
import yaml
from tests.e2e import events
from tests.e2e.caller import CONFIG, Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 1234567\n"
METRIC = 'metrics = ["metric:share"]\n\n[input]'
HOSTILE = "dark\\n::error::a word of the label's\\nEOF\\n::set-output name=verdict::pass"
FOLDER = "build/odd\nEOF\nverdict=pass\n::error::a word of the folder's"


class Case(NamedTuple):
    """One use of an action that must be refused."""

    action: str
    code: str
    inputs: dict[str, str]
    config: tuple[str, str] | None = None
    """What is replaced in the configuration, and by what."""
    exit_code: str = "2"


CASES = {
    "missing-config": Case("quantize", "config-not-found", {"config": "nowhere.toml"}),
    "missing-model": Case("quantize", "not-found", {}, ("model/lights.tflite", "model/nowhere.tflite")),
    "linked-config": Case("quantize", "outside-workspace", {"config": "linked.toml"}),
    "absolute-output-input": Case("quantize", "outside-workspace", {"output-dir": "/var/tmp/quantci-e2e"}),
    "absolute-output-key": Case(
        "quantize", "outside-workspace", {}, ("[model]", 'output_dir = "/var/tmp/quantci-e2e"\n[model]')
    ),
    "parent-of-workspace": Case(
        "quantize", "outside-workspace", {}, ("model/lights.tflite", "../../../../../../../etc/hostname")
    ),
    "linked-model": Case("quantize", "outside-workspace", {}, ("model/lights.tflite", "model/linked.tflite")),
    "metric-is-code": Case("evaluate", "code-not-allowed", {"output-dir": "build/quantci"}, ("\n[input]", METRIC)),
    "allow-code-word": Case("evaluate", "config-value", {"allow-code": "perhaps"}),
    "lfs-pointer": Case("quantize", "git-lfs-pointer", {}, ("model/lights.tflite", "model/pointer.tflite")),
    "shard": Case("evaluate", "shard", {"shard": "5/4"}),
    "shards": Case("quantize", "shard", {"shards": "0"}),
    "unknown-key": Case("quantize", "config-key", {}, ("[model]", "[model]\nsauce = 1")),
    "no-toml": Case("report", "config-syntax", {}, ("[model]", "[model\n::error::a word of the file's")),
    "hostile-label": Case("quantize", "label-mismatch", {}, ('"dark"', f'"{HOSTILE}"')),
    "no-report": Case("comment", "not-found", {"report": "build/none/report.json"}),
}


@pytest.fixture(scope="module")
def log(runner: Runner, changed: Callable[[str], Caller], tmp_path_factory: pytest.TempPathFactory) -> Log:
    """One job with a step for every case, and good ones among them."""
    caller = changed("bad")
    caller.write("model/pointer.tflite", POINTER)
    caller.write("configs/metric.py", "def share(p, y):\n    return float((p.argmax(1) == y).mean())\n")
    (caller.folder / "linked.toml").symlink_to("/etc/hostname")
    (caller.folder / "model/linked.tflite").symlink_to("/etc/hostname")
    steps = [
        _step("quantize", "good", {}),
        *(_step(case.action, name, _inputs(caller, name, case)) for name, case in CASES.items()),
        _step(
            "evaluate",
            "code-allowed",
            CASES["metric-is-code"].inputs | {"config": "configs/metric-is-code.toml", "allow-code": "true"},
        ),
        _step("quantize", "odd-folder", {"output-dir": FOLDER}),
    ]
    checkout = yaml.safe_load((caller.folder / ".github/workflows/single-actions.yml").read_text())
    workflow = {
        "name": "bad",
        "on": "push",
        "jobs": {
            "bad": {"runs-on": "ubuntu-latest", "steps": [checkout["jobs"]["model"]["steps"][0], *steps]},
        },
    }
    caller.write(".github/workflows/bad.yml", yaml.safe_dump(workflow))
    caller.commit("Everything that is wrong")
    nothing = tmp_path_factory.mktemp("nothing")
    return runner.run(caller, "push", "bad.yml", payload=events.push(caller), environments=nothing)


def _step(action: str, name: str, inputs: dict[str, str]) -> dict[str, object]:
    return {"id": name, "uses": f"org/quantci/actions/{action}@v1", "continue-on-error": True, "with": inputs}


def _inputs(caller: Caller, name: str, case: Case) -> dict[str, str]:
    """The inputs, with the case's own configuration and output folder."""
    if case.config is None:
        return case.inputs
    assert CONFIG.count(case.config[0]) == 1
    text = CONFIG.replace(*case.config).replace('"data/', '"../data/')
    caller.write(f"configs/{name}.toml", text.replace('"model/', '"../model/'))
    return {"config": f"configs/{name}.toml", **case.inputs}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_in_one_annotation_by_name(log: Log, name: str) -> None:
    case = CASES[name]
    annotations = [one for one in log.annotations if one.step.split("/")[0] == name]
    assert [(one.level, case.code in one.title) for one in annotations] == [("error", True)], annotations
    outputs = log.outputs["bad/bad", name]
    assert outputs["code"] == case.code
    assert outputs["exit-code"] == case.exit_code
    text = log.text("bad/bad", f"{name}/")
    assert "Traceback" not in text
    assert f"exit status {case.exit_code}" in text


def test_the_annotation_stands_on_the_line_that_is_meant(log: Log) -> None:
    lines = {one.step.split("/")[0]: (one.file, one.line) for one in log.annotations}
    text = CONFIG.replace(*(CASES["metric-is-code"].config or ("", ""))).splitlines()
    number = next(index for index, line in enumerate(text, 1) if line.startswith("metrics"))
    assert lines["metric-is-code"] == ("configs/metric-is-code.toml", str(number))
    source = next(index for index, line in enumerate(CONFIG.splitlines(), 1) if line.startswith("source"))
    assert lines["missing-model"] == ("configs/missing-model.toml", str(source))
    assert lines["lfs-pointer"] == ("model/pointer.tflite", "")
    assert lines["missing-config"] == lines["shards"] == ("", ""), "the workflow says them, no file of the repository"


def test_a_fault_names_the_input_that_the_caller_wrote(log: Log) -> None:
    texts = {one.step.split("/")[0]: one.text for one in log.annotations}
    assert "the input `config`" in texts["missing-config"]
    assert texts["shards"].startswith("input `shards`: ")
    assert texts["shard"].startswith("input `shard`: ")
    assert texts["allow-code-word"].startswith("input `allow-code`: ")
    assert texts["absolute-output-input"].startswith("input `output-dir`: ")
    assert "`lfs: true` to model-ci.yml" in texts["lfs-pointer"]
    assert not [text for text in texts.values() if "--" in text or "QUANTCI_" in text]


def test_code_of_the_repository_runs_where_that_is_allowed(log: Log) -> None:
    assert log.steps["bad/bad", "code-allowed"] == "success"
    assert log.outputs["bad/bad", "code-allowed"]["metric-delta"] == "0.000000"


def test_nothing_in_a_name_becomes_a_command_or_an_output(log: Log) -> None:
    assert not [one for one in log.annotations if one.text.startswith("a word of")]
    outputs = log.outputs["bad/bad", "odd-folder"]
    assert outputs["record"] == f"{FOLDER}/quantize.json"
    assert "verdict" not in outputs


def test_all_cases_ran_in_one_environment(log: Log) -> None:
    assert log.jobs == {"bad/bad": "success"}, "every step may fail here"
    pythons = {values["python"] for (_, step), values in log.outputs.items() if step.endswith("/install")}
    assert len(pythons) == 1
