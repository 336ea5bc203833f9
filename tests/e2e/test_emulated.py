"""A pull request of an .onnx by model-ci.yml with `emulated`: first a report that waits, then one with the device.

The job's container is this machine, and stand_ins/idf is what it has of ESP-IDF: the virtual device is its QEMU.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.e2e import events
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import Caller
from tests.e2e.export import STAND_INS
from tests.e2e.log import Log
from tests.e2e.runner import HAS_PYTHON_OF_ONNX2TF, Runner
from tests.integration.github_server import serve

pytestmark = pytest.mark.skipif(not HAS_PYTHON_OF_ONNX2TF, reason="onnx2tf is for Python 3.12 and 3.13")
MEASURE = "measure/quantci model measurement"
DEVICE = "device/quantci model device"
COMMENTS = ("model/quantci model CI/comment", "model/quantci model CI/device comment")


class Ran(NamedTuple):
    """The run, what it kept, and the comments after it."""

    log: Log
    artifacts: Artifacts
    comments: list[str]


@pytest.fixture(scope="module")
def ran(runner: Runner, changed: Callable[[str], Caller], tmp_path_factory: pytest.TempPathFactory) -> Ran:
    caller = changed("emulated")
    base = caller.head
    shutil.copy(Path(__file__).with_name("lights.onnx"), caller.folder / "model")
    caller.replace("quantci.toml", "model/lights.tflite", "model/lights.onnx")
    workflow = ".github/workflows/model-ci.yml"
    caller.write(workflow, (caller.folder / workflow).read_text() + "    with:\n      emulated: true\n")
    caller.commit("The model as ONNX, and on an emulated chip")
    with serve() as server:
        events.announce(server.github, caller)
        log = runner.run(
            caller,
            "pull_request",
            "model-ci.yml",
            payload=events.pull_request(caller, base),
            environment={
                "GITHUB_API_URL": server.github.base,
                "IDF_PATH": str(STAND_INS / "idf"),
                "STAND_IN_ESPTOOL": sys.executable,
            },
            environments=tmp_path_factory.mktemp("environments"),
        )
        return Ran(log, Artifacts(runner.store, log.run_id), server.github.texts())


def test_every_job_succeeds(ran: Ran) -> None:
    names = [f"{MEASURE}/quantize", f"{MEASURE}/report", f"{DEVICE}/emulated chip", f"{DEVICE}/report", *COMMENTS]
    assert ran.log.jobs == dict.fromkeys(names, "success"), ran.log.text()
    assert [(one.job, one.title) for one in ran.log.annotations] == [(f"{MEASURE}/report", "quantci device-job")]


def test_what_an_onnx_needs_is_installed_and_serves_what_comes_after_it(ran: Ran) -> None:
    locks = {(job, step): values["lock"] for (job, step), values in ran.log.outputs.items() if "lock" in values}
    assert set(locks.values()) == {"onnx"}
    assert (f"{MEASURE}/quantize", "quantize/install") in locks
    assert ran.log.output("quantize", "engine") == "litert"
    assert ran.artifacts.report("quantci")["quantize"]["source"]["format"] == "onnx"


def test_the_first_report_says_that_the_device_is_waiting(ran: Ran) -> None:
    (first,) = [text for job, step, text in ran.log.summaries if (job, step) == (f"{MEASURE}/report", "report/run")]
    assert "its job has been waiting since" in first
    assert "the virtual device" not in first


def test_the_firmware_is_built_and_the_model_runs_on_it(ran: Ran) -> None:
    assert ran.log.output("firmware", "image").endswith("/quantci-bench.bin")
    outputs = ran.log.outputs[f"{DEVICE}/emulated chip", "bench"]
    assert (outputs["status"], outputs["device-kind"]) == ("ok", "virtual"), "it says itself what it is"
    assert outputs["identical-outputs"] == outputs["samples"] == "180"
    assert ran.artifacts.files("quantci+bench") == {"bench.json", "serial.log", "device.log"}
    device = json.loads(ran.artifacts.read("quantci+bench", "bench.json"))["result"]["device"]
    assert device["port"].startswith("socket://127.0.0.1:")


def test_the_second_report_and_the_comment_have_the_device(ran: Ran) -> None:
    agreement = ran.artifacts.report("quantci")["bench"]["outputs"]["agreement"]
    assert agreement["identical_outputs"] == agreement["samples"] == 180
    (comment,) = ran.comments
    assert "INT8 on the virtual device" in comment
    assert "waiting since" not in comment
    assert [ran.log.output("1", "result", job) for job in COMMENTS] == ["created", "updated"]
