"""Training on the float flatbuffer: the network is the model that LiteRT and the engine see, and it gets better."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.float_ops import MODELS, SHAPE
from tests.integration.command import Command
from tests.models import tiny_float_cnn
from tests.recipe_problems import gratings, problem
from tests.unit.quantize.test_lstm import lstm

from quantci.errors import ConfigError, ModelRejected
from quantci.quantize.calibrate import calibrate, with_ranges
from quantci.quantize.engine import quantize_with_litert
from quantci.quantize.qat.batches import Batch, Split
from quantci.quantize.qat.graph import read_float_graph
from quantci.quantize.qat.known import check_equal, known_graph
from quantci.quantize.qat.tuned import with_learned
from quantci.quantize.recipe import Types
from quantci.tflite.enums import dtype_name
from quantci.tflite.fixed_point import quantize
from quantci.tflite.lite_rt import open_lite_rt
from quantci.tflite.model import Model
from quantci.tflite.oracle import choose_oracle, open_oracle

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.roads

from quantci.quantize.qat.network import fake, training  # noqa: E402
from quantci.quantize.qat.network.network import Network, knows  # noqa: E402

_OWN = {f"cnn {seed}": tiny_float_cnn(seed) for seed in range(3)}
KNOWN = {
    name: data for name, data in (MODELS | _OWN).items() if all(knows(op.op) for op in Model(data, name).summary.ops)
}


def samples_for(model: Model) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    random = np.random.RandomState(5)
    shape = model.summary.inputs[0].shape
    return [(random.normal(size=shape) * (1 + place)).astype(np.float32) for place in range(4)]


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    training.settle(0)


def test_nearly_all_ops_that_tflm_has_are_known() -> None:
    assert set(MODELS) - set(KNOWN) == {"GATHER_ND", "REVERSE_V2", "SPACE_TO_BATCH_ND"}
    assert SHAPE[0] == 1


@pytest.mark.parametrize("name", KNOWN)
def test_in_float_the_network_answers_as_lite_rt_and_in_integers_as_the_engines_model(name: str) -> None:
    model = Model(KNOWN[name], name)
    samples = samples_for(model)
    batch = np.concatenate(samples)
    network = Network(read_float_graph(model), batch)
    check_equal(model, network, batch)

    ranges = calibrate(model, samples)
    network.start_from({entry.tensor: (entry.min, entry.max) for entry in ranges})
    learned = network.ranges()
    tied = with_learned(ranges, learned)
    integer = Model(quantize_with_litert(with_ranges(model, tied), Types("int8", "int8")), name)
    for index, tensor in enumerate(integer.tree.subgraphs[0].tensors):
        if index in learned and dtype_name(tensor.type) == "int8":
            low, high = learned[index]
            assert (high - low) / 255 == pytest.approx(float(tensor.quantization.scale[0]), rel=1e-5), index

    runner = open_oracle(integer, choose_oracle("auto"))
    (given,), (answer,) = runner.inputs, runner.outputs
    wanted = [runner.run([quantize(one, given.scale, given.zero_point, given.dtype)])[0] for one in samples]
    with torch.no_grad():
        found = network.outputs(torch.from_numpy(batch), integer=True)[0].numpy()
    steps = found.reshape(len(samples), -1) / answer.scale + answer.zero_point
    difference = np.abs(steps - np.concatenate(wanted).reshape(len(samples), -1).astype(float))
    assert difference.max() < 1.5  # one step of INT8, where a value lies between two
    assert difference.mean() < 0.3


def test_ops_that_are_not_known_are_named_before_any_training() -> None:
    with pytest.raises(ModelRejected) as caught:
        known_graph(Model(MODELS["GATHER_ND"], "m"))
    assert caught.value.code == "qat-unknown-op"
    assert "GATHER_ND" in caught.value.cause
    with pytest.raises(ModelRejected) as caught:
        known_graph(lstm())
    assert caught.value.code == "qat-unknown-op"


def test_a_model_that_mixes_the_samples_of_a_batch_is_refused() -> None:
    model = Model(MODELS["TRANSPOSE"], "m")
    graph = read_float_graph(model)
    mixed = graph._replace(constants={**graph.constants, 1: np.array([1, 0, 2, 3], np.int32)})
    batch = np.concatenate(samples_for(model))
    with pytest.raises(ModelRejected) as caught:
        check_equal(model, Network(mixed, batch), batch)
    assert caught.value.code == "qat-differs"


def test_fake_quantization_is_what_int8_holds() -> None:
    x = torch.tensor([-2.0, -0.26, 0.0, 0.24, 0.26, 200.0])
    # 255 steps of 0.5 from -1 to 126.5: the zero point is -126.
    found = fake.activation(x, torch.tensor(-1.0), torch.tensor(126.5))
    assert found.tolist() == [-1.0, -0.5, 0.0, 0.0, 0.5, 126.5]
    w, scale = fake.weights(torch.tensor([[127.0, 0.4], [-2.54, 0.011]]), 0)
    assert scale.ravel().tolist() == pytest.approx([1.0, 0.02])
    assert w.tolist() == [pytest.approx([127.0, 0.0]), pytest.approx([-2.54, 0.02])]
    assert fake.bias(torch.tensor([0.26, -0.26]), torch.tensor([0.1, 0.5])).tolist() == pytest.approx([0.3, -0.5])


def test_gradients_pass_the_rounding_and_stop_at_the_ends_of_a_range() -> None:
    x = torch.tensor([0.3, 5.0], requires_grad=True)
    high = torch.tensor(2.55, requires_grad=True)
    fake.activation(x, torch.tensor(0.0), high).sum().backward()
    assert x.grad.tolist() == pytest.approx([1.0, 0.0])
    assert float(high.grad) == pytest.approx(1.0, abs=0.01)  # the clipped value follows the end


def test_the_learning_rate_rises_then_falls_along_half_a_cosine() -> None:
    assert training.pace(0, 100) == pytest.approx(0.1)
    assert training.pace(50, 100) == pytest.approx(0.5)
    assert training.pace(99, 100) == pytest.approx(0.0, abs=1e-3)


X = np.random.RandomState(0).normal(size=(8, *Model(_OWN["cnn 0"], "m").summary.inputs[0].shape[1:])).astype(np.float32)


def network() -> Network:
    """A network of 4 classes that is ready to be trained."""
    model = Model(_OWN["cnn 0"], "m")
    made = Network(read_float_graph(model), X)
    made.start_from(
        {entry.tensor: (entry.min, entry.max) for entry in calibrate(model, [one[np.newaxis] for one in X])}
    )
    return made


@pytest.mark.parametrize("wrong", [4, -1, -100, 1.5])  # -100 is what torch ignores
def test_a_label_that_is_none_of_the_classes_is_named(wrong: float) -> None:
    y = np.array([0, 1, 2, 3, 0, 1, 2, wrong])
    with pytest.raises(ConfigError, match=r"a class is a whole number from 0 to 3") as caught:
        training.Objective("class", None).of(network(), Batch(X, y))
    assert (caught.value.code, caught.value.where) == ("fine-tune", "qat.fine_tune")


@pytest.mark.parametrize("shape", [(8, 3), (8, 4, 2)])
def test_labels_of_another_shape_are_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="does not fit the model's output") as caught:
        training.Objective("class", None).of(network(), Batch(X, np.zeros(shape, np.float32)))
    assert caught.value.code == "fine-tune"


@pytest.mark.parametrize(("factor", "best"), [(float("nan"), 0), (-1.0, 20)], ids=["nan", "negative"])
def test_a_loss_may_be_negative_and_of_one_that_becomes_no_number_what_was_before_is_kept(
    factor: float, best: int
) -> None:
    calls = 0

    def loss(outputs: Any, y: Any) -> Any:
        nonlocal calls
        calls += 1
        found = (outputs - y).square().mean() - 1  # below 0, and falling
        return found if calls == 1 else found * abs(factor)

    made = network()
    run = training.Training(
        made, Split(Batch(X, None), iter([Batch(X, None)] * 20)), training.Objective("class", loss), steps=20, rate=0.01
    )
    before = made.constants()
    while not run.is_done:
        run.advance()
    made.restore(run.state)
    is_kept = all(np.array_equal(before[index], values) for index, values in made.constants().items())
    assert is_kept == (best == 0)
    assert (run.best == 0) == (best == 0)
    assert run.looks[run.best].loss < 0


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The problem that no ranges solve, with its sets and a training function."""
    given = problem("residual", calibration=100)
    folder = tmp_path_factory.mktemp("residual")
    (folder / "model.tflite").write_bytes(given.model)
    np.savez(folder / "calibration.npz", x=given.calibration, y=gratings(1, 100)[1])
    np.savez(folder / "evaluation.npz", x=given.images, y=given.labels)
    x, y = gratings(50, 4096)
    np.savez(folder / "training.npz", x=x, y=y)
    (folder / "own_training.py").write_text(
        "from pathlib import Path\nimport numpy as np\n\n"
        "def batches(seed):\n"
        "    data = np.load(Path(__file__).with_name('training.npz'))\n"
        "    order = np.random.RandomState(seed).permutation(len(data['x']))\n"
        "    x, y = data['x'], data['y']\n"
        "    for start in range(0, len(order), 32):\n"
        "        chosen = order[start:start + 32]\n"
        "        yield x[chosen], y[chosen]\n"
    )
    (folder / "quantci.toml").write_text(
        'output_dir = "out"\n[model]\nsource = "model.tflite"\n[input]\nmean = [0.0]\nstd = [1.0]\n'
        '[calibration]\ndata = "calibration.npz"\n[evaluation]\ndata = "evaluation.npz"\n'
        "[qat]\nsteps = 300\nlearning_rate = 0.01\n"
    )
    return folder


def accuracies(project: Path) -> tuple[float, float]:
    """Of the float model and of INT8 in the oracle."""
    x, y = (np.load(project / "evaluation.npz")[name] for name in ("x", "y"))
    float_model = open_lite_rt(Model.read(project / "model.tflite"))
    integer = open_oracle(Model.read(project / "out" / "model_quant.tflite"), choose_oracle("auto"))
    port = integer.inputs[0]
    found = [
        (
            int(float_model.run([one[np.newaxis]])[0].argmax()),
            int(integer.run([quantize(one[np.newaxis], port.scale, port.zero_point, port.dtype)])[0].argmax()),
        )
        for one in x
    ]
    before, after = zip(*found, strict=True)
    return float(np.mean(np.array(before) == y)), float(np.mean(np.array(after) == y))


@pytest.fixture
def trained(project: Path, quantci: Command) -> Callable[..., Any]:
    def run(*options: str) -> Any:
        done = quantci("quantize", *options, cwd=project, timeout_s=900)
        assert done.code == 0, done.err
        return json.loads((project / "out" / "quantize.json").read_text())["result"]

    return run


def test_a_model_that_no_ranges_rescue_comes_back_to_within_two_points(
    project: Path, trained: Callable[..., Any]
) -> None:
    for recipe in ("minmax", "percentile-99.9+bias-correction"):
        reference = trained("--recipe", recipe)["float_model"]["sha256"]
        before, after = accuracies(project)
        assert before - after > 0.1, recipe
    result = trained("--recipe", "qat", "--qat-fine-tune", "own_training:batches")
    before, after = accuracies(project)
    assert before - after <= 0.02
    assert result["float_model"]["sha256"] == reference, "the original is the reference"
    qat = result["qat"]
    assert (qat["source"], qat["teacher"]) == ("own_training:batches", "float model and labels")
    assert qat["runs"][0]["tuning_loss"] < qat["start_loss"] / 2
    assert qat["runs"][0]["agreement"] > qat["start_agreement"]


def test_two_runs_give_the_same_bytes_and_seeds_are_trained_one_after_the_other(
    project: Path, trained: Callable[..., Any]
) -> None:
    found = []
    for _ in range(2):
        result = trained("--recipe", "qat", "--qat-steps", "20", "--qat-seeds", "2")
        found.append((project / "out" / "model_quant.tflite").read_bytes())
    assert found[0] == found[1]
    qat = result["qat"]
    assert (qat["source"], qat["teacher"], [run["seed"] for run in qat["runs"]]) == (
        "calibration set",
        "float model",
        [0, 1],
    )
    losses = [run["tuning_loss"] for run in qat["runs"]]
    assert qat["chosen"] == losses.index(min(losses))
    assert min(losses) < qat["start_loss"]


def test_code_of_the_repository_is_not_run_without_permission(
    project: Path, quantci: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUANTCI_ALLOW_CODE", "false")
    done = quantci("quantize", "--recipe", "qat", "--qat-fine-tune", "own_training:batches", cwd=project)
    assert done.code == 2
    assert "[code-not-allowed]" in done.err
