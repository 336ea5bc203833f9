"""PyTorch sources: a function of the user's own, a state dict, a .pt2; and what of them is refused."""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.integration.command import Command
from tests.integration.torch_models import NETWORK, TFLITE, state_dict

from quantci.errors import ConfigError, ModelRejected, QuantciError
from quantci.records.config import ModelConfig
from quantci.source.open_source import Source, open_model
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.workers.jail import Jail

pytestmark = [pytest.mark.roads, pytest.mark.skipif(find_spec("torch") is None, reason="needs PyTorch")]
SAMPLES = np.random.RandomState(5).uniform(-1, 1, (4, 16, 16, 3)).astype(np.float32)
# Of outputs between 0 and 1, from the same weights through another road: some roundings of float32.
TOLERANCE = 1e-6
CODE = """
import torch
from torch import nn
class Two(nn.Module):
    def forward(self, x): return torch.polygamma(1, x.relu() + 1)
def nothing(): return 3
def empty(): return ()
def two(): return nn.Identity(), torch.zeros(1, 3), torch.zeros(1, 3)
def pair(): return nn.Identity(), (torch.zeros(1, 3), torch.zeros(1, 3))
def whole(): return nn.Identity(), torch.zeros(1, 3, dtype=torch.int32)
def other(): return nn.Linear(5, 2), torch.zeros(1, 3)
def broken(): raise KeyError("x")
def bare(): return nn.Linear(3, 2)
def odd(): return Two(), torch.ones(1, 3)
def reads(): return open("/etc/hostname").read()
"""


def run(model: Model) -> np.ndarray[Any, np.dtype[np.float32]]:
    runner = open_lite_rt(model)
    return np.concatenate([runner.run([sample[np.newaxis]])[0] for sample in SAMPLES])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: code, weights, and what PyTorch exports of them."""
    import torch

    folder = tmp_path_factory.mktemp("torch")
    (folder / "own_network.py").write_text(NETWORK)
    (folder / "own_code.py").write_text(CODE)
    namespace: dict[str, Any] = {}
    exec(NETWORK, namespace)
    module, example = namespace["network"]()
    module.load_state_dict(state_dict())
    torch.save(module.state_dict(), folder / "weights.pt")
    torch.save({"state_dict": module.state_dict(), "epoch": 3}, folder / "checkpoint.pt")
    torch.save(torch.nn.Linear(3, 2), folder / "whole.pt")
    torch.export.save(torch.export.export(module.eval(), (example,)), str(folder / "network.pt2"))
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, (example,), str(folder / "network.onnx"), dynamo=False)
    return folder


@pytest.fixture(scope="module")
def opened(folder: Path) -> Iterator[Callable[..., Source]]:
    """Opens a source as [model] says; one process for all, which imports PyTorch once."""
    with Jail(where="test") as jail:
        jail.let_read(folder)
        yield lambda allow_code=True, **keys: open_model(ModelConfig(**keys), folder, jail=jail, allow_code=allow_code)


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ({"source": "own_network:network", "weights": "weights.pt"}, "torch"),
        ({"source": "own_network:bare", "weights": "checkpoint.pt", "input_shape": (1, 3, 16, 16)}, "torch"),
        ({"source": "network.pt2"}, "exported-program"),
        ({"source": "network.onnx"}, "onnx"),
    ],
    ids=["function", "shape-and-checkpoint", "pt2", "onnx"],
)
def test_the_same_network_is_the_same_from_pytorch_onnx_and_tensorflow(
    opened: Callable[..., Source], keys: dict[str, Any], kind: str
) -> None:
    """model.tflite came from Keras; test_sources.py compares Keras and SavedModel with it."""
    source = opened(**keys)
    model = source.convert()
    assert source.format == kind
    assert "onnx2tf" in (source.converter or "")
    assert len(source.sha256) == 64
    assert model.summary.inputs[0].shape == [1, 16, 16, 3]
    own = source.outputs(SAMPLES)
    assert own is not None
    np.testing.assert_allclose(run(model), own[0], atol=TOLERANCE)
    np.testing.assert_allclose(run(model), run(Model.read(TFLITE)), atol=TOLERANCE)
    assert (source.exported_difference is None) == (kind == "onnx")
    assert (source.exported_difference or 0) < TOLERANCE


REFUSED = {
    "no-module": ({"source": "absent:network"}, "factory", "No module named"),
    "no-function": ({"source": "own_code:absent"}, "factory", "has no function absent"),
    "empty-tuple": ({"source": "own_code:empty"}, "factory", "own_code:empty returned tuple"),
    "no-nn-module": ({"source": "own_code:nothing"}, "factory", "own_code:nothing returned int"),
    "two-examples": ({"source": "own_code:two"}, "factory", "returned Identity, Tensor, Tensor"),
    "fails": ({"source": "own_code:broken"}, "factory", "KeyError"),
    "no-example": ({"source": "own_code:bare"}, "factory", "without an example"),
    "reads-elsewhere": ({"source": "own_code:reads"}, "factory", "PermissionError"),
    "two-inputs": ({"source": "own_code:pair"}, "multi-input", "2 inputs"),
    "integers": ({"source": "own_code:whole"}, "input-type", "torch.int32"),
    "forward": ({"source": "own_code:other"}, "forward", "shape [1, 3]"),
    "other-weights": ({"source": "own_code:other", "weights": "weights.pt"}, "weights", "Missing key"),
    "weights-with-code": ({"source": "own_network:network", "weights": "whole.pt"}, "weights", "weights_only"),
    "no-weights": ({"source": "own_network:network", "weights": "gone.pt"}, "not-found", "gone.pt"),
    "pickle": ({"source": "whole.pt"}, "format-not-accepted", "pickle"),
    "state-dict": ({"source": "weights.pt"}, "format-not-accepted", "pickle"),
    "weights-of-a-file": ({"source": "network.pt2", "weights": "weights.pt"}, "weights-unused", "model.weights"),
}


@pytest.mark.parametrize(("keys", "code", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_why(opened: Callable[..., Source], keys: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises((ConfigError, ModelRejected)) as caught:
        opened(**keys).convert()
    assert caught.value.code == code, caught.value
    assert words in str(caught.value)
    assert caught.value.remedy


def test_what_onnx_cannot_say_is_proposed_to_the_other_converter(opened: Callable[..., Source]) -> None:
    with pytest.raises(ModelRejected) as caught:
        opened(source="own_code:odd").convert()
    assert caught.value.code == "conversion"
    assert 'model.converter = "litert-torch"' in caught.value.remedy


def test_the_other_converter_gives_the_same_or_says_what_is_missing(opened: Callable[..., Source]) -> None:
    source = opened(source="own_network:network", weights="weights.pt", converter="litert-torch")
    if find_spec("litert_torch") is None:
        with pytest.raises(QuantciError, match="pip install litert-torch") as caught:
            source.convert()
        assert caught.value.code == "missing-extra"
        return
    model = source.convert()
    assert "litert-torch" in (source.converter or "")
    assert model.summary.inputs[0].shape == [1, 16, 16, 3]
    own = source.outputs(SAMPLES)
    assert own is not None
    np.testing.assert_allclose(run(model), own[0], atol=TOLERANCE)
    np.testing.assert_allclose(run(model), run(Model.read(TFLITE)), atol=TOLERANCE)


def test_code_does_not_run_without_permission(opened: Callable[..., Source]) -> None:
    with pytest.raises(ConfigError) as caught:
        opened(allow_code=False, source="own_network:network")
    assert caught.value.code == "code-not-allowed"
    assert opened(allow_code=False, source="network.pt2").format == "exported-program"


def changed(path: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """A .pt2 with other members."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def text(find: str, replace: str) -> Callable[[dict[str, bytes]], None]:
    """Changes one place of the graph and of the lists of weights."""

    def change(members: dict[str, bytes]) -> None:
        for name in [name for name in members if name.endswith(".json")]:
            members[name] = json.dumps(json.loads(members[name])).replace(find, replace).encode()

    return change


def with_pickle(members: dict[str, bytes]) -> None:
    import torch

    file = io.BytesIO()
    torch.save(torch.zeros(3), file)
    members["network/data/constants/opaque_obj_0"] = file.getvalue()


class Evil:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("unpickled",)


def with_evil_example(members: dict[str, bytes]) -> None:
    import torch

    file = io.BytesIO()
    torch.save(((torch.zeros(1, 3, 16, 16),), {"more": Evil()}), file)
    members["network/data/sample_inputs/model.pt"] = file.getvalue()


HOSTILE = {
    "pickled-example": (with_evil_example, "format-not-accepted"),
    "pickled-weight": (text('"use_pickle": false', '"use_pickle": true'), "format-not-accepted"),
    "other-function": (text("torch.ops.aten.relu.default", "torch.load"), "unsafe-op"),
    "own-operator": (text("torch.ops.aten.relu.default", "torch.ops.own.relu.default"), "unsafe-op"),
    "symbol": (
        text('"range_constraints": {}', '"range_constraints": {"s0": {"min_val": 0, "max_val": 9}}'),
        "dynamic-shape",
    ),
    "another-member": (with_pickle, "malformed"),
    "no-graph": (lambda members: members.pop("network/models/model.json"), "malformed"),
    "no-json": (lambda members: members.update({"network/models/model.json": b"{"}), "malformed"),
}


@pytest.mark.parametrize(("change", "code"), HOSTILE.values(), ids=HOSTILE)
def test_a_pt2_that_could_run_code_is_not_loaded(
    opened: Callable[..., Source], folder: Path, change: Callable[[dict[str, bytes]], None], code: str
) -> None:
    changed(folder / "network.pt2", folder / "hostile.pt2", change)
    with pytest.raises(QuantciError) as caught:
        opened(source="hostile.pt2").convert()
    assert caught.value.code == code, caught.value


def test_init_writes_a_configuration_for_a_function(folder: Path, quantci: Command) -> None:
    done = quantci("init", "own_network:network", "--config", "own.toml", cwd=folder)
    assert done.code == 0, done.err
    written = tomllib.loads((folder / "own.toml").read_text())
    assert written["model"] == {"source": "own_network:network"}
    assert written["embed"]["component"] == "model_own_network"
    done = quantci("init", "absent:network", "--config", "absent.toml", cwd=folder)
    assert done.code == 2
    assert "Put absent.py into" in done.err
