"""A repository whose model is PyTorch code: PyTorch is installed, and the code runs only where that is allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.e2e import events
from tests.e2e.artifacts import Artifacts
from tests.e2e.caller import Caller
from tests.e2e.runner import HAS_PYTHON_OF_ONNX2TF, Runner

JOB = "model/model"
# The network of model/lights.tflite: one filter for the brightness, two for stripes; weights worked out by hand. One of
# the packages that it needs is not of quantci's.
CODE = """\
import humanize
import torch
from torch import nn


class Lights(nn.Module):
    def __init__(self):
        super().__init__()
        self.filters, self.dense = nn.Conv2d(3, 3, 3), nn.Linear(3, 3)
        stripes = (torch.tensor([-0.5, 1, -0.5]) / 9).expand(3, 3, 3)
        self.filters.weight.data = torch.stack([torch.full((3, 3, 3), 1 / 27), stripes, -stripes])
        self.filters.bias.data = torch.tensor([1.0, 0, 0])
        self.dense.weight.data = torch.tensor([[-10.0, -6, -6], [10, -6, -6], [0, 12, 12]])
        self.dense.bias.data = torch.tensor([10.0, -10, -6])
        print(humanize.intcomma(sum(p.numel() for p in self.parameters())), "weights")

    def forward(self, x):
        return self.dense(self.filters(x).relu().mean((2, 3))).softmax(1)


def build():
    return Lights(), torch.zeros(1, 3, 16, 16)
"""


@pytest.fixture
def pytorch(changed: Callable[[str], Caller]) -> Caller:
    """The user's repository, with the function instead of the file."""
    caller = changed("pytorch")
    caller.write("nets/lights.py", CODE)
    caller.replace("quantci.toml", '"model/lights.tflite"', '"nets.lights:build"')
    caller.commit("The model is PyTorch code")
    return caller


@pytest.mark.skipif(not HAS_PYTHON_OF_ONNX2TF, reason="onnx2tf is for Python 3.12 and 3.13")
def test_a_pytorch_model_goes_all_the_way(runner: Runner, pytorch: Caller) -> None:
    workflow = ".github/workflows/one-step.yml"
    given = "        with:\n          allow-code: true\n          packages: humanize==4.17.0\n"
    pytorch.replace(workflow, "org/quantci@v1\n", f"org/quantci@v1\n{given}")
    pytorch.commit("Its code may run, with what it needs")
    log = runner.run(pytorch, "push", "one-step.yml", payload=events.push(pytorch))
    assert log.jobs == {JOB: "success"}, log.text()
    assert [annotation.title for annotation in log.annotations] == ["quantci rewritten"]
    outputs = log.outputs[JOB, "model"]
    assert (outputs["verdict"], outputs["status"]) == ("pass", "ok")
    report = Artifacts(runner.store, log.run_id).report("quantci")
    source = report["quantize"]["source"]
    assert (source["path"], source["format"]) == ("nets.lights:build", "torch")
    assert source["converter"].startswith("PyTorch 2.")
    assert max(source["largest_difference"], source["exported_difference"]) < 1e-6


def test_its_code_does_not_run_and_nothing_is_installed_for_it_unless_the_workflow_says_so(
    runner: Runner, pytorch: Caller
) -> None:
    log = runner.run(pytorch, "push", "one-step.yml", payload=events.push(pytorch))
    assert log.jobs == {JOB: "failure"}
    assert log.outputs[JOB, "model/install"]["lock"] == "base"
    assert log.outputs[JOB, "model"]["code"] == "code-not-allowed"
    assert any("allow-code: true" in annotation.text for annotation in log.annotations)
