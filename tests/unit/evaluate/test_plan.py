"""What does not fit is refused before a worker starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.golden import LABELS, example_model
from tests.unit.evaluate.sharded import CONFIG

from quantci.errors import ConfigError, DataRejected
from quantci.evaluate.plan import Plan, make_plan
from quantci.records.config import Config, EvaluationConfig, TaskConfig
from quantci.records.input_config import InputConfig
from quantci.tasks.classification import Classification

MODEL = example_model("model_quant.tflite", quantized=True)  # takes 96 x 96 pixels, gives 4 outputs
REFERENCE = replace(CONFIG, evaluation=EvaluationConfig(data="validation", oracle="litert-reference"))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in LABELS:
        (tmp_path / "validation" / name).mkdir(parents=True)
        (tmp_path / "validation" / name / "a.png").write_bytes(b"not opened yet")
    return tmp_path


def plan(base: Path, config: Config) -> Plan:
    return make_plan(config, base, MODEL)


def test_the_plan_holds_the_whole_set_and_how_it_is_read(base: Path) -> None:
    made = plan(base, REFERENCE)
    assert [sample.id for sample in made.samples] == [f"{name}/a.png" for name in sorted(LABELS)]
    assert (made.labels, made.outputs, made.job.task) == (
        LABELS,
        MODEL.outputs,
        Classification(labels=LABELS, top_k=3),
    )
    assert made.job.preprocessing.shape == (1, 96, 96, 3)


def test_labels_that_the_model_does_not_have_are_refused(base: Path) -> None:
    (base / "validation" / "blue").mkdir()
    (base / "validation" / "blue" / "a.png").write_bytes(b"")
    with pytest.raises(DataRejected, match=r"4 outputs.*5 labels.*label-mismatch"):
        plan(base, replace(REFERENCE, task=TaskConfig()))


def test_an_input_that_the_model_does_not_take_is_refused(base: Path) -> None:
    with pytest.raises(ConfigError, match="input-size"):
        plan(base, replace(REFERENCE, input=InputConfig(width=32)))
