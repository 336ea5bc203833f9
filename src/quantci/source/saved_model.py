"""Which operations a SavedModel may hold: a graph can read and write files, talk to machines and call Python.

Everything that a signature or a restored object can run is looked at, before any of it is loaded. Operations without
state compute, but for the few below that do not; of those with state only variables, tables, random numbers and control
flow are accepted, so one from a later TensorFlow is refused until somebody has examined it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from quantci.errors import ModelRejected

if TYPE_CHECKING:
    from pathlib import Path

_STATELESS_REFUSED: Final = re.compile(
    r"File|^Reader|Dataset|Iterator|^Debug|^PyFunc|^ImmutableConst$|Vocab|Checkpoint|CustomCall|^XlaLaunch|TRT|^Remote|^Tpu|^TPU"
)
_STATEFUL_ACCEPTED: Final = re.compile(
    r"""(Stateful)?PartitionedCall|_?If|_?While|Case|Assert|CheckNumerics(V2)?|GuaranteeConst|DisableCopyOnRead|DeepCopy|Empty
    |(VarHandle|ReadVariable|AssignVariable|AssignAddVariable|AssignSubVariable|VarIsInitialized|DestroyResource)Op
    |VariableShape|VariableV2|Variable|TemporaryVariable|Resource(Gather|GatherNd|Scatter\w+|Apply\w+|SparseApply\w+|StridedSliceAssign)
    |(Anonymous)?(Mutable)?(Dense)?HashTable(OfTensors)?(V2)?|LookupTable(Find|Size|Import|Export|Insert|Remove)V2|InitializeTableV2
    |Random(Uniform|UniformInt|StandardNormal|Shuffle|Crop|Gamma|Poisson|PoissonV2)|TruncatedNormal|ParameterizedTruncatedNormal
    |Multinomial|Stateful(Uniform|UniformInt|UniformFullInt|StandardNormal|StandardNormalV2|TruncatedNormal|RandomBinomial)
    |Rng(Skip|ReadAndSkip)|StatelessRandomGetAlg|TensorArray\w*|_Arg|_Retval|XlaCallModule|CudnnRNN\w*|Stack\w*V2""",
    re.VERBOSE,
)
# What saves and restores the variables; TensorFlow itself calls it, no signature may.
_SAVER: Final = frozenset({"SaveV2", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename"})


def check_saved_model(folder: Path, where: str) -> None:
    """Look through the graph of a SavedModel; imports TensorFlow, runs nothing.

    Raises:
        ModelRejected: `unsafe-op`: an op reaches out of the model; `malformed`.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    try:
        model.ParseFromString((folder / "saved_model.pb").read_bytes())
    except DecodeError as error:
        raise ModelRejected(
            "malformed",
            f"saved_model.pb cannot be read: {error}.",
            where=where,
            remedy="Export the model again; if it came through Git, check that LFS fetched it.",
        ) from None
    for graph in model.meta_graphs:
        _check(graph, where)


def _check(graph: Any, where: str) -> None:
    functions = {function.signature.name: function.node_def for function in graph.graph_def.library.function}
    nodes = {node.name: node for node in graph.graph_def.node}
    # The part of the main graph that saves and restores: all that leads to its two nodes, and to no signature.
    saver = _before([graph.saver_def.save_tensor_name, graph.saver_def.restore_op_name], nodes)
    asked = [tensor.name for s in graph.signature_def.values() for tensor in (*s.inputs.values(), *s.outputs.values())]
    saver -= _before(asked, nodes)
    saving = [nodes[name] for name in saver]
    main = [node for name, node in nodes.items() if name not in saver]
    restored = set(graph.object_graph_def.concrete_functions) & functions.keys()
    for start, body, extra in ((restored, main, frozenset[str]()), (set[str](), saving, _SAVER)):
        _check_ops(body, "the main graph", where, extra)
        reached: set[str] = set()
        waiting = start | _called(body)
        while waiting:
            name = waiting.pop()
            reached.add(name)
            inner = functions.get(name, ())
            _check_ops(inner, f"function {name!r}", where, extra)
            waiting |= _called(inner) - reached


def _before(names: list[str], nodes: dict[str, Any]) -> set[str]:
    """Names of the nodes that these need, themselves among them."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop().removeprefix("^").partition(":")[0]
        if name in nodes and name not in found:
            found.add(name)
            waiting += nodes[name].input
    return found


def _called(body: Any) -> set[str]:
    """Names of the functions in the attributes of these nodes."""
    found = set()
    for node in body:
        found.add(node.op)  # a function can be called by its name, too
        for value in node.attr.values():
            found |= {value.func.name} | {function.name for function in value.list.func}
    return found - {""}


def _check_ops(body: Any, place: str, where: str, extra: frozenset[str]) -> None:
    from tensorflow.python.framework import op_def_registry

    for node in body:
        definition = op_def_registry.get(node.op)  # None: a function by its name, or what no TensorFlow can load
        if definition is None or node.op in extra or is_accepted(node.op, is_stateful=definition.is_stateful):
            continue
        raise ModelRejected(
            "unsafe-op",
            f"The op {node.op} in {place[:200]} reaches out of the model (files, machines, Python); it is not run.",
            where=where,
            remedy="Export only what a prediction needs: model.export(folder) of a model without that op.",
        )


def is_accepted(op: str, *, is_stateful: bool) -> bool:
    """Whether an op does nothing but compute."""
    if is_stateful:
        return _STATEFUL_ACCEPTED.fullmatch(op) is not None
    return _STATELESS_REFUSED.search(op) is None
