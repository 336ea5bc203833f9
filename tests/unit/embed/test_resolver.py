from pathlib import Path

import pytest
from tests.models import graph_of
from tests.unit.embed.sample import Graph, int8_model

from quantci.embed.resolver import UsedOp, make_resolver, used_ops
from quantci.errors import ConfigError, ModelRejected


def test_every_op_is_found_once_and_sorted() -> None:
    assert used_ops(graph_of(int8_model("my_op"))) == [
        UsedOp("CONV_2D"),
        UsedOp("DEPTHWISE_CONV_2D"),
        UsedOp("RESHAPE"),
        UsedOp("SOFTMAX"),
        UsedOp("my_op", is_custom=True),
    ]


def test_an_op_of_another_version_of_the_schema_is_named_by_its_number() -> None:
    graph = Graph()
    before, after = graph.tensor("x", [1, 2]), graph.tensor("y", [1, 2])
    graph.op("RELU", [before], [after])
    graph.model.operatorCodes[0].builtinCode = 999
    assert used_ops(graph_of(graph.pack([before], [after]))) == [UsedOp("BUILTIN_999")]


def test_each_builtin_gets_its_method(tmp_path: Path) -> None:
    resolver = make_resolver([UsedOp("SOFTMAX"), UsedOp("CONV_2D")], {}, tmp_path)
    assert dict(resolver.builtins) == {"CONV_2D": "AddConv2D", "SOFTMAX": "AddSoftmax"}
    assert resolver.ops == ["CONV_2D", "SOFTMAX"]
    assert not resolver.customs
    assert not resolver.headers


def test_an_op_that_tflm_lacks_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match="TFLM has no kernel for GELU, RFFT2D") as caught:
        make_resolver([UsedOp("RFFT2D"), UsedOp("ADD"), UsedOp("GELU")], {}, tmp_path)
    assert caught.value.code == "unsupported-op"


def test_a_custom_op_comes_from_the_users_header(tmp_path: Path) -> None:
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "mine.h").write_bytes(b"// mine\n")
    ops = [UsedOp("My-Op", is_custom=True), UsedOp("other", is_custom=True)]
    resolver = make_resolver(ops, {"My-Op": "ops/mine.h", "other": "ops/mine.h", "unused": "nowhere.h"}, tmp_path)
    assert dict(resolver.customs) == {"My-Op": "Register_My_Op", "other": "Register_other"}
    assert dict(resolver.headers) == {"mine.h": b"// mine\n"}


def test_a_custom_op_with_a_builtins_name_is_not_that_builtin(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected) as caught:
        make_resolver([UsedOp("CONV_2D", is_custom=True)], {}, tmp_path)
    assert caught.value.code == "custom-op"


@pytest.mark.parametrize("name", ["missing.h", "folder.h", "secret.txt", 'a".h', "link.h"])
def test_what_is_not_a_header_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.h").mkdir()
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (tmp_path / 'a".h').write_bytes(b"")
    (tmp_path / "link.h").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(ConfigError) as caught:
        make_resolver([UsedOp("op", is_custom=True)], {"op": name}, tmp_path)
    assert caught.value.code == "custom-op-header"


def test_two_headers_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "op.h").write_text(folder)
    with pytest.raises(ConfigError, match="same name"):
        make_resolver(
            [UsedOp("x", is_custom=True), UsedOp("y", is_custom=True)], {"x": "a/op.h", "y": "b/op.h"}, tmp_path
        )
