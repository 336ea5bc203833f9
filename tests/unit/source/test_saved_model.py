"""Which operations of TensorFlow are taken for mere computation; tests/integration asks the installed TensorFlow."""

from __future__ import annotations

import pytest

from quantci.source.saved_model import is_accepted


@pytest.mark.parametrize(
    "op",
    [
        *("ReadFile", "MatchingFiles", "ImmutableConst", "GenerateVocabRemapping", "InitializeTableFromTextFile"),
        *("ReaderRead", "TensorSliceDataset", "DebugIdentity", "PyFuncStateless", "XlaCustomCallV2"),
    ],
)
def test_ops_without_state_that_reach_out_are_refused(op: str) -> None:
    assert not is_accepted(op, is_stateful=False)


@pytest.mark.parametrize(
    "op",
    [
        *("WriteFile", "PyFunc", "EagerPyFunc", "PrintV2", "SaveV2", "RestoreV2", "InitializeTableFromTextFileV2"),
        *("LoadAndRemapMatrix", "RecordInput", "RpcCall", "RemoteCall", "_Send", "DumpTensor"),
        *("CalibrationStatisticsSaver", "DebugIdentityV2", "WriteSummary", "MergeV2Checkpoints", "AnOpOfTomorrow"),
    ],
)
def test_ops_with_state_are_refused_unless_they_are_known(op: str) -> None:
    assert not is_accepted(op, is_stateful=True)


@pytest.mark.parametrize("op", ["Conv2D", "MatMul", "Placeholder", "Const", "StridedSlice"])
def test_ops_that_compute_are_accepted(op: str) -> None:
    assert is_accepted(op, is_stateful=False)


@pytest.mark.parametrize(
    "op",
    [
        *("VarHandleOp", "ReadVariableOp", "AssignVariableOp", "StatefulPartitionedCall", "While", "If"),
        *("HashTableV2", "LookupTableFindV2", "LookupTableImportV2", "TensorArrayV3", "RandomUniform"),
        *(
            "MutableHashTableV2",
            "XlaCallModule",
            "AnonymousHashTable",
            "VarIsInitializedOp",
            "RngReadAndSkip",
            "Assert",
        ),
    ],
)
def test_variables_tables_and_control_flow_are_accepted(op: str) -> None:
    assert is_accepted(op, is_stateful=True)
