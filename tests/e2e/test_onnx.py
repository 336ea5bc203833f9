"""A repository whose source model is an .onnx: its actions install onnx2tf, and no TensorFlow."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.e2e import events
from tests.e2e.caller import Caller
from tests.e2e.log import Log
from tests.e2e.runner import Runner

JOB = "model/model"


@pytest.fixture(scope="module")
def log(runner: Runner, changed: Callable[[str], Caller]) -> Log:
    """A push to main."""
    caller = changed("onnx")
    shutil.copy(Path(__file__).with_name("lights.onnx"), caller.folder / "model")
    caller.replace("quantci.toml", "model/lights.tflite", "model/lights.onnx")
    caller.commit("The model as ONNX")
    return runner.run(caller, "push", "one-step.yml", payload=events.push(caller))


def test_the_pipeline_passes(log: Log) -> None:
    assert log.jobs == {JOB: "success"}
    assert log.annotations == []
    outputs = log.outputs[JOB, "model"]
    assert (outputs["verdict"], outputs["exit-code"]) == ("pass", "0")
    assert log.outputs[JOB, "model/quantize"]["engine"] == "litert"


def test_one_environment_with_onnx2tf_serves_the_whole_job(log: Log) -> None:
    locks = {step: values["lock"] for (_, step), values in log.outputs.items() if step.endswith("/install")}
    assert set(locks.values()) == {"onnx"}
