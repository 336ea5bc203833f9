"""A .pt2 is looked through before PyTorch sees it; here without PyTorch, on archives laid out as it lays them out."""

from __future__ import annotations

import json
import zipfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from quantci.errors import ModelRejected
from quantci.source.torch_archive import repack

NODE = {"target": "torch.ops.aten.relu.default", "inputs": [], "outputs": [], "metadata": {"stack_trace": "own.py"}}
GRAPH = {
    "graph_module": {"graph": {"nodes": [NODE]}},
    "range_constraints": {},
    "guards_code": ["L['x'].size()[0] == 1"],
}
CONFIG = {"config": {"0.weight": {"path_name": "weight_0", "use_pickle": False}}}
MEMBERS: dict[str, Any] = {
    "archive_format": "pt2",
    "byteorder": "little",
    "models/model.json": GRAPH,
    "data/weights/model_weights_config.json": CONFIG,
    "data/weights/weight_0": "....",
    "data/constants/model_constants_config.json": {"config": {}},
    "data/sample_inputs/model.pt": "zip",
    "extra/notes.txt": "of no interest",
}


def archive(folder: Path, members: dict[str, Any]) -> Path:
    path = folder / "model.pt2"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(f"lights/{name}", content if isinstance(content, str) else json.dumps(content))
    return path


def refused(folder: Path, members: dict[str, Any], limit_bytes: int = 10_000) -> ModelRejected:
    with pytest.raises(ModelRejected) as caught:
        repack(archive(folder, members), limit_bytes, "model.pt2")
    assert caught.value.where == "model.pt2"
    assert caught.value.remedy
    return caught.value


def test_what_is_known_is_packed_again_without_code_and_without_extras(tmp_path: Path) -> None:
    path = archive(tmp_path, MEMBERS)
    repack(path, 10_000, "model.pt2")
    with zipfile.ZipFile(path) as file:
        assert set(file.namelist()) == {f"model/{name}" for name in MEMBERS if not name.startswith("extra")}
        graph = json.loads(file.read("model/models/model.json"))
        assert file.read("model/data/weights/weight_0") == b"...."
    assert graph["guards_code"] == []
    assert graph["graph_module"]["graph"]["nodes"] == [NODE | {"metadata": {}}]


@pytest.mark.parametrize(
    ("target", "accepted"),
    [
        ("torch.ops.aten.conv2d.default", True),
        ("torch.ops.aten.mean.dim", True),
        ("_operator.getitem", True),
        ("torch.ops.aten.from_file.default", False),
        ("torch.ops.aten.save.default", False),
        ("torch.load", False),
        ("torch.ops.aten.relu", False),
        ("torch.ops.load_library", False),
        ("torch.ops.own.relu.default", False),
        ("torch.ops.higher_order.cond", False),
        ("_operator.methodcaller", False),
        ("#own", False),
    ],
)
def test_only_tensor_operators_of_pytorch_are_called(tmp_path: Path, target: str, accepted: bool) -> None:
    members = deepcopy(MEMBERS)
    members["models/model.json"]["graph_module"]["graph"]["nodes"][0]["target"] = target
    if accepted:
        repack(archive(tmp_path, members), 10_000, "model.pt2")
    else:
        fault = refused(tmp_path, members)
        assert (fault.code, target in fault.cause) == ("unsafe-op", True)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("data/weights/model_weights_config.json", {"config": {"w": {"use_pickle": True}}}, "format-not-accepted"),
        ("data/constants/model_constants_config.json", {"config": {"c": {"use_pickle": True}}}, "format-not-accepted"),
        ("models/model.json", GRAPH | {"range_constraints": {"s0": {"min_val": 2}}}, "dynamic-shape"),
        ("models/model.json", GRAPH | {"sizes": [[{"as_expr": {"expr_str": "s0"}}]]}, "dynamic-shape"),
        ("models/model.json", {"graph_module": {}}, "malformed"),
        ("models/model.json", [], "malformed"),
        ("models/model.json", "{", "malformed"),
        ("models/second.json", GRAPH, "malformed"),
        ("data/constants/custom_obj_0", "", "malformed"),
        ("data/aotinductor/model/model.so", "", "malformed"),
        ("data.pkl", "", "malformed"),
        ("../data/weights/weight_0", "", "malformed"),
        ("data/weights/weight_1", "." * 20_000, "too-large"),
    ],
)
def test_what_could_run_code_or_is_not_known_is_refused(tmp_path: Path, name: str, content: Any, code: str) -> None:
    assert refused(tmp_path, {**MEMBERS, name: content}).code == code


@pytest.mark.parametrize("name", ["models/model.json", "data/weights/model_weights_config.json"])
def test_an_archive_without_its_lists_is_no_pt2(tmp_path: Path, name: str) -> None:
    fault = refused(tmp_path, {key: value for key, value in MEMBERS.items() if key != name})
    assert fault.code == "malformed"
    assert "torch.export.save" in fault.remedy


def test_no_zip_at_all(tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(ModelRejected) as caught:
        repack(path, 10_000, "model.pt2")
    assert caught.value.code == "malformed"


def spec(kind: str | None, context: object = None) -> str:
    """A tree of one container, as PyTorch writes it."""
    return json.dumps([1, {"type": kind, "context": json.dumps(context), "children_spec": []}])


@pytest.mark.parametrize(
    ("written", "accepted"),
    [
        ("", True),
        (spec("builtins.tuple"), True),
        (spec("builtins.dict", ["scores", "boxes"]), True),
        (spec(None), True),
        (spec("collections.defaultdict", {"default_factory_module": "this", "default_factory_name": "c"}), False),
        (spec("builtins.dict", [{"__enum__": True, "fqn": "this:c", "name": "d"}]), False),
        (spec("own.Answer"), False),
    ],
)
def test_what_is_taken_and_returned_imports_nothing(tmp_path: Path, written: str, accepted: bool) -> None:
    members = deepcopy(MEMBERS)
    graph = members["models/model.json"]["graph_module"]
    graph["module_call_graph"] = [{"fqn": "", "signature": {"in_spec": written, "out_spec": ""}}]
    if accepted:
        repack(archive(tmp_path, members), 10_000, "model.pt2")
    else:
        assert refused(tmp_path, members).code == "unsafe-op"
    graph["module_call_graph"][0]["signature"]["in_spec"] = "{"
    assert refused(tmp_path, members).code == "malformed"


def test_a_graph_within_an_argument_is_refused(tmp_path: Path) -> None:
    members = deepcopy(MEMBERS)
    node = members["models/model.json"]["graph_module"]["graph"]["nodes"][0]
    node["inputs"] = [{"name": "x", "arg": {"as_graph": {"name": "inner", "graph": {"nodes": []}}}, "kind": 1}]
    assert refused(tmp_path, members).code == "unsafe-op"


def test_a_payload_by_a_name_of_pickles_is_refused(tmp_path: Path) -> None:
    members = deepcopy(MEMBERS)
    listed = {"config": {"k": {"path_name": "opaque_obj_0", "use_pickle": False}}}
    members["data/constants/model_constants_config.json"] = listed
    assert refused(tmp_path, members).code == "format-not-accepted"
