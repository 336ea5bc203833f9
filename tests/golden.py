"""Complete, realistic records to test with: a traffic light classifier on its way to the chip.

The numbers belong together: accuracies follow from the confusion matrices, the paired delta from both, sizes from
layers.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from msgspec.structs import replace
from tests.known import known

from quantci.bench.latency import summarize_latency
from quantci.bench.measure import NO_LATENCY
from quantci.records.against_base import AgainstBase, BaseModel, ClassChange, TagChange
from quantci.records.arena import Arena, ArenaPeak, ArenaPiece
from quantci.records.base import encode
from quantci.records.bench import (
    BenchRecord,
    BenchResult,
    DeviceArena,
    DeviceIdentity,
    DeviceKind,
    DeviceOutputs,
    FirstOp,
    LatencyWindow,
    LinkCounters,
    OpTime,
    Phase,
)
from quantci.records.config import CalibrationConfig, Config, EvaluationConfig, ModelConfig
from quantci.records.dataset import DatasetSummary, ImageCounts, SampleDigest
from quantci.records.diagnose import ClippedActivation, DiagnoseRecord, DiagnoseResult, LayerError, WeightChannels
from quantci.records.embed import EmbeddedFile, EmbedRecord, EmbedResult
from quantci.records.evaluate import (
    AbsentStep,
    Agreement,
    EvaluateRecord,
    EvaluateResult,
    HostLatency,
    Step,
    TagMetrics,
)
from quantci.records.gates_config import GatesConfig
from quantci.records.kernels import KernelHit
from quantci.records.latency import LatencyEstimate, OpLatency, UncoveredOp
from quantci.records.metrics import ClassificationMetrics, ClassMetrics
from quantci.records.model import ModelSummary, OpCount, OpInfo, TensorInfo
from quantci.records.paired import ClassDelta, Interval, Paired
from quantci.records.quantize import (
    NO_FLOAT,
    GivenModel,
    QuantizeRecord,
    QuantizeResult,
    SourceInfo,
    StripInfo,
    TensorRange,
)
from quantci.records.stage import Advice, Failure, Provenance, Status
from quantci.report.baseline import Parts
from quantci.report.join import build_report
from quantci.statistics.paired import accuracy_delta_interval

if TYPE_CHECKING:
    from quantci.records.report import Report
    from quantci.report.device_job import DeviceJob

LABELS = ("green", "off", "red", "yellow")
FLOAT_CONFUSION = [[97, 1, 0, 2], [2, 95, 1, 2], [0, 0, 98, 2], [1, 2, 3, 94]]
INT8_CONFUSION = [[97, 1, 0, 2], [2, 95, 1, 2], [0, 0, 98, 2], [2, 3, 4, 91]]
LITERT_CONFUSION = [[97, 1, 0, 2], [2, 95, 1, 2], [0, 0, 98, 2], [2, 2, 4, 92]]


class Layer(NamedTuple):
    """One op of the example model, in elements."""

    op: str
    name: str
    shape: tuple[int, ...]
    macs: int
    weights: int
    biases: int


LAYERS = (
    Layer("CONV_2D", "model/conv1/Relu;model/conv1/Conv2D", (1, 48, 48, 8), 48 * 48 * 8 * 27, 216, 8),
    Layer("DEPTHWISE_CONV_2D", "model/depthwise2/Relu", (1, 24, 24, 8), 24 * 24 * 8 * 9, 72, 8),
    Layer("CONV_2D", "model/pointwise2/Relu", (1, 24, 24, 64), 24 * 24 * 64 * 8, 512, 64),
    Layer("MEAN", "model/pool/Mean", (1, 64), 0, 0, 0),
    Layer("FULLY_CONNECTED", "model/logits/BiasAdd", (1, 4), 256, 256, 4),
    Layer("SOFTMAX", "StatefulPartitionedCall:0", (1, 4), 0, 0, 0),
)


def sha(text: str) -> str:
    """A digest that stands for `text`."""
    return hashlib.sha256(text.encode()).hexdigest()


def more_layers(count: int) -> tuple[Layer, ...]:
    """The example model with `count` more layers before its end."""
    extra = tuple(
        Layer("CONV_2D", f"model/block{index}/Relu;model/block{index}/Conv2D", (1, 24, 24, 64), 2359296, 4096, 64)
        for index in range(count)
    )
    return LAYERS[:3] + extra + LAYERS[3:]


def example_config(gates: GatesConfig | None = None) -> Config:
    """A configuration with a gate of every kind that holds."""
    return Config(
        model=ModelConfig(source="models/traffic_lights.keras"),
        calibration=CalibrationConfig(data="data/calibration", samples=200),
        evaluation=EvaluationConfig(data="data/evaluation"),
        gates=gates
        or GatesConfig(max_metric_drop=0.03, max_worst_class_drop=0.05, max_model_bytes=16_384, max_arena_bytes=65_536),
    )


def example_provenance(duration_s: float = 1.5) -> Provenance:
    """Where the example's numbers come from."""
    return Provenance(
        quantci_version="0.1.0",
        created_at="2026-10-24T09:30:00Z",
        git_commit="0123456789abcdef0123456789abcdef01234567",
        config_sha256=sha("config"),
        tools={"ai-edge-litert": "2.1.2", "msgspec": "0.22.0", "numpy": "2.3.4", "tflite-micro": "0.dev20261023182759"},
        host="Linux x86_64, CPython 3.13.9",
        duration_s=duration_s,
    )


def example_model(name: str, layers: tuple[Layer, ...] = LAYERS, *, quantized: bool) -> ModelSummary:
    """The look into the float or the quantized model."""
    dtype, width = ("int8", 1) if quantized else ("float32", 4)
    tensors = [_tensor(0, "serving_default_image:0", (1, 96, 96, 3), dtype)]
    ops: list[OpInfo] = []
    for index, layer in enumerate(layers):
        inputs = [tensors[ops[-1].outputs[0] if ops else 0].index]
        weight_bytes = layer.weights * width + layer.biases * 4
        if layer.weights:
            shape = (layer.biases, layer.weights // layer.biases)
            tensors.append(_tensor(len(tensors), f"{layer.name}/kernel", shape, dtype, layer.weights * width))
            bias = "int32" if quantized else "float32"
            tensors.append(_tensor(len(tensors), f"{layer.name}/bias", (layer.biases,), bias, layer.biases * 4))
            inputs += [len(tensors) - 2, len(tensors) - 1]
        tensors.append(_tensor(len(tensors), layer.name, layer.shape, dtype))
        ops.append(
            OpInfo(
                index=index,
                op=layer.op,
                version=3 if quantized and layer.weights else 1,
                is_custom=False,
                inputs=inputs,
                outputs=[len(tensors) - 1],
                output_name=layer.name,
                output_shape=list(layer.shape),
                macs=layer.macs if layer.weights else 0,
                weight_bytes=weight_bytes,
                fused_activation="RELU" if "Relu" in layer.name else "NONE" if layer.weights else None,
                is_float=not quantized,
                runs_in_tflm=True,
            )
        )
    weight_bytes = sum(op.weight_bytes for op in ops)
    return ModelSummary(
        file_name=name,
        sha256=sha(f"{name} {layers}"),
        file_bytes=weight_bytes + 2_048 + 96 * len(ops),
        subgraph_count=1,
        weight_bytes=weight_bytes,
        parameter_count=sum(layer.weights + layer.biases for layer in layers),
        macs=sum(layer.macs for layer in layers),
        inputs=tensors[:1],
        outputs=tensors[-1:],
        op_counts=_op_counts(ops),
        ops=ops,
        tensors=tensors,
        dynamic_tensors=[],
        float_tensors=[] if quantized else [tensor.name for tensor in tensors],
        unsupported_ops=[],
        is_integer_only=quantized,
    )


def example_quantize_record(layers: tuple[Layer, ...] = LAYERS, *, validate: bool = True) -> QuantizeRecord:
    """Record of a quantization that went well; `validate` is worth turning off for thousands of layers."""
    float_model = example_model("model_float.tflite", layers, quantized=False)
    quantized_model = example_model("model_quant.tflite", layers, quantized=True)
    names = [tensor.name for tensor in quantized_model.tensors]
    record = QuantizeRecord(
        schema_version=1,
        stage="quantize",
        status="ok",
        failure=None,
        provenance=example_provenance(4.2),
        result=QuantizeResult(
            source=SourceInfo(
                path="models/traffic_lights.keras",
                format="keras",
                sha256=sha("source"),
                signature=None,
                converter="tensorflow 2.21.0",
                largest_difference=2.4e-7,
                compared_samples=16,
            ),
            float_model=float_model,
            quantized_model=quantized_model,
            engine="tensorflow",
            engine_version="2.21.0",
            recipe="minmax",
            input_type="int8",
            output_type="int8",
            ranges=[
                TensorRange(tensor=op.outputs[0], name=op.output_name, min=0.0, max=6.0 + op.index % 7)
                for op in float_model.ops
            ],
            calibration=DatasetSummary(
                path="data/calibration",
                sha256=sha("calibration"),
                found=240,
                used=200,
                seed=0,
                per_class=dict.fromkeys(LABELS, 50),
                image_counts=ImageCounts(exif_rotated=37, palette=2, resized=200),
                skipped=[],
            ),
            calibration_samples=[
                SampleDigest(id=f"{LABELS[index % 4]}/{index:04}.png", content_sha256=sha(f"calibration {index}"))
                for index in range(200)
            ],
            strip=StripInfo(
                bytes_before=quantized_model.file_bytes + 1_024,
                bytes_after=quantized_model.file_bytes,
                compared_samples=16,
                interpreters=["LiteRT 2.1.2", "TFLM 0.dev20261023182759"],
                tensor_names=names,
            ),
            advice=[
                Advice(
                    code="few-calibration-samples",
                    text="Only 200 calibration samples are used; 200 to 500 are advised, so add some.",
                )
            ],
        ),
    )
    if validate:
        encode(record)
    return record


def example_against_base(base_sha256: str) -> AgainstBase:
    """One yellow sample that the base gets right and this change does not; all others fare as before."""
    return AgainstBase(
        base=BaseModel(quantci_version="0.1.0", branch="main", git_commit="c" * 40, quantized_sha256=base_sha256),
        reused=400,
        run_again=0,
        reasons=[],
        base_metric=382 / 400,
        candidate_metric=381 / 400,
        paired=Paired(
            metric="top1_accuracy",
            delta=-1 / 400,
            interval=accuracy_delta_interval(1, 0, 400, 0),
            bootstrap_resamples=10_000,
            mcnemar_p=1.0,
            broken=["yellow/0090.png"],
            fixed=[],
            worst_class=ClassDelta(label="yellow", recall_delta=-0.01, support=100),
            smallest_detectable_drop=0.01,
        ),
        per_class=[
            ClassChange(
                label=label,
                support=100,
                base_recall=LITERT_CONFUSION[index][index] / 100,
                candidate_recall=INT8_CONFUSION[index][index] / 100,
            )
            for index, label in enumerate(LABELS)
        ],
        tags=[
            TagChange(tag="night", samples=120, base_metric=109 / 120, candidate_metric=0.9),
            TagChange(tag="rain", samples=80, base_metric=0.95, candidate_metric=0.95),
        ],
        not_comparable=[],
    )


def example_evaluate_record(
    quantize: QuantizeRecord | None = None, against_base: AgainstBase | None = None
) -> EvaluateRecord:
    """Record of an evaluation over 400 samples: 5 broke, 2 were fixed."""
    result = (quantize or example_quantize_record()).result
    assert result is not None
    record = EvaluateRecord(
        schema_version=1,
        stage="evaluate",
        status="ok",
        failure=None,
        provenance=example_provenance(6.8),
        result=EvaluateResult(
            float_sha256=known(result.float_model).sha256,
            quantized_sha256=result.quantized_model.sha256,
            dataset=DatasetSummary(
                path="data/evaluation",
                sha256=sha("evaluation"),
                found=400,
                used=400,
                seed=None,
                per_class=dict.fromkeys(LABELS, 100),
                image_counts=ImageCounts(resized=400),
                skipped=[],
            ),
            oracle="tflm",
            steps=[
                _step("float", "LiteRT 2.1.2, reference kernels", FLOAT_CONFUSION, None),
                _step("int8-litert", "LiteRT 2.1.2, reference kernels", LITERT_CONFUSION, (None, 6, 3.2, 0.4)),
                _step("int8-oracle", "TFLM 0.dev20261023182759", INT8_CONFUSION, (391, 1, 1.0, 0.02)),
            ],
            paired=Paired(
                metric="top1_accuracy",
                delta=-3 / 400,
                interval=Interval(low=-0.0200, high=0.0050, level=0.95),
                bootstrap_resamples=2000,
                mcnemar_p=0.453125,
                broken=[f"yellow/{index:04}.png" for index in (7, 31, 44, 58, 90)],
                fixed=["yellow/0012.png", "yellow/0063.png"],
                worst_class=ClassDelta(label="yellow", recall_delta=-0.03, support=100),
                smallest_detectable_drop=0.0225,
            ),
            tags=[
                TagMetrics(tag="night", samples=120, float_metric=0.925, quantized_metric=0.9),
                TagMetrics(tag="rain", samples=80, float_metric=0.95, quantized_metric=0.95),
            ],
            against_base=against_base,
            read_with={"quantci": "0.1.0", "numpy": "2.3.4", "pillow": "12.0.0"},
            predictions_file="predictions.npz",
            predictions_sha256=sha("predictions"),
            advice=[],
        ),
    )
    encode(record)
    return record


def given_records(gates: GatesConfig | None = None) -> tuple[Config, dict[str, Any]]:
    """The example's INT8 model, given by itself: configuration and records of a run without a float model."""
    quantize, evaluate = example_quantize_record(), example_evaluate_record()
    assert quantize.result is not None
    assert evaluate.result is not None
    config = Config(
        model=ModelConfig(quantized="models/own.tflite"),
        evaluation=EvaluationConfig(data="data/evaluation"),
        gates=gates or GatesConfig(),
    )
    made = quantize.result.quantized_model.sha256
    given = replace(
        quantize.result,
        source=None,
        float_model=None,
        engine=None,
        engine_version=None,
        recipe=None,
        ranges=[],
        calibration=None,
        calibration_samples=[],
        strip=None,
        given=GivenModel(
            path="models/own.tflite", sha256=made, reason="It was given, not made.", float_reason=NO_FLOAT
        ),
    )
    int8 = replace(
        evaluate.result,
        float_sha256=None,
        steps=evaluate.result.steps[1:],
        absent_steps=[AbsentStep(name="float", reason=NO_FLOAT)],
        paired=None,
        tags=[replace(tag, float_metric=None) for tag in evaluate.result.tags],
    )
    records = {
        "quantize": replace(quantize, result=given),
        "evaluate": replace(evaluate, result=int8),
        "embed": example_embed_record(quantize),
    }
    for record in records.values():
        encode(record)
    return config, records


def given_report(gates: GatesConfig | None = None, baseline: Report | None = None) -> Report:
    """Report of an INT8 model that was given by itself."""
    config, records = given_records(gates)
    return build_report(
        config=config, records=records, baseline=baseline, provenance=example_provenance(0.1), title="own.tflite"
    )


def example_embed_record(quantize: QuantizeRecord | None = None) -> EmbedRecord:
    """Record of a component with an arena estimate."""
    result = (quantize or example_quantize_record()).result
    assert result is not None
    model = result.quantized_model
    record = EmbedRecord(
        schema_version=1,
        stage="embed",
        status="ok",
        failure=None,
        provenance=example_provenance(0.6),
        result=EmbedResult(
            component="quantci_model",
            component_dir="component/quantci_model",
            model_sha256=model.sha256,
            model_bytes=model.file_bytes,
            resolver_ops=sorted({op.op for op in model.ops}),
            arena=example_arena(),
            files=[EmbeddedFile(path="include/quantci_model.h", file_bytes=2_310, sha256=sha("header"))],
            advice=[],
            latency=example_latency(model.ops),
        ),
    )
    encode(record)
    return record


def example_bench_record(
    quantize: QuantizeRecord | None = None, kind: DeviceKind = "board", **changes: Any
) -> BenchRecord:
    """Record of a session with a board whose outputs are all those of the host."""
    result = (quantize or example_quantize_record()).result
    assert result is not None
    windows = [LatencyWindow(latency_us=[7_300, 7_302, 7_304], cycles=[1_752_000, 1_752_480, 1_752_960])] * 5
    latency = summarize_latency(windows, warm_up=10, clock_hz=240_000_000, timer_hz=240_000_000)
    bench = BenchResult(
        quantized_sha256=result.quantized_model.sha256,
        device=DeviceIdentity(
            kind=kind,
            port="/dev/ttyACM0",
            chip="esp32s3",
            board_id="7c:df:a1:00:00:01",
            firmware="quantci-bench 0.1.0",
            firmware_id=sha("firmware"),
            reset_reason="power-on",
            fingerprint={"chip": "esp32s3", "clock_hz": "240000000", "esp_nn": "1.2.3", "arena": "internal"},
        ),
        golden_sha256=sha("golden"),
        was_uploaded=True,
        arena=DeviceArena(region="internal", used_bytes=60_144, given_bytes=262_144, estimated_bytes=60_144),
        latency=latency if kind == "board" else None,
        latency_reason=NO_LATENCY[kind],
        ops=[
            OpTime(index=op.index, op=op.op, cycles=100.0 * (op.index + 1), share=(op.index + 1) / 21)
            for op in result.quantized_model.ops
        ]
        if kind == "board"
        else [],
        outputs=DeviceOutputs(
            interpreter="esp32s3, TFLM 1.4.0, ESP-NN 1.2.3, kernels esp-nn",
            metrics=classification_metrics(INT8_CONFUSION),
            agreement=Agreement(samples=400, identical_outputs=400, flips=0, largest_lsb=0.0, mean_lsb=0.0, cosine=1.0),
            paired=Paired(
                metric="top1_accuracy",
                delta=0.0,
                interval=accuracy_delta_interval(0, 0, 400, 0),
                bootstrap_resamples=10_000,
                mcnemar_p=1.0,
                broken=[],
                fixed=[],
                worst_class=None,
                smallest_detectable_drop=0.01,
            ),
            different=[],
        ),
        phases=[Phase(name="identify", duration_s=0.1), Phase(name="measure", duration_s=2.5)],
        link=LinkCounters(requests=512, repeated=0, stale=0, dropped=0, timeouts=0, noise_bytes=120),
        predictions_sha256=sha("predictions"),
    )
    record = BenchRecord(
        schema_version=1,
        stage="bench",
        status="ok",
        failure=None,
        provenance=example_provenance(9.0),
        result=replace(bench, **changes),
    )
    encode(record)
    return record


def wrong_outputs(outputs: DeviceOutputs) -> DeviceOutputs:
    """Those of a board with a wrong kernel: 138 of 400 identical, seven answers flip, four of them for the worse."""
    return replace(
        outputs,
        agreement=Agreement(samples=400, identical_outputs=138, flips=7, largest_lsb=46.0, mean_lsb=3.0, cosine=0.99),
        paired=replace(outputs.paired, delta=-0.01, interval=accuracy_delta_interval(4, 0, 400, 0)),
        different=["red/0001.png"],
        first_op=FirstOp(index=1, op="DEPTHWISE_CONV_2D", name="model/depthwise2/Relu", sample="red/0001.png"),
    )


def example_latency(ops: list[OpInfo]) -> LatencyEstimate:
    """Two cycles a multiply-accumulate; MEAN and SOFTMAX are not covered."""
    cycles = {op.index: 2.0 * op.macs for op in ops if op.macs}
    total = sum(cycles.values())
    return LatencyEstimate(
        kind="estimated",
        chip="esp32s3",
        clock_hz=240_000_000,
        kernels="esp-nn",
        memory="internal",
        total_us=total / 240,
        low_us=0.6 * total / 240,
        high_us=1.4 * total / 240,
        error_ratio=0.4,
        reason="",
        basis="Cycles by kernel, fitted to 15 published figures. This model was not measured.",
        coefficients_sha256=sha("coefficients"),
        not_covered=[UncoveredOp(op="MEAN", count=1, macs=0), UncoveredOp(op="SOFTMAX", count=1, macs=0)],
        not_covered_mac_share=0.0,
        ops=[
            OpLatency(
                index=op.index,
                op=op.op,
                name=op.output_name,
                path="esp-nn conv" if op.index in cycles else "not covered",
                cycles=cycles.get(op.index),
                latency_us=cycles[op.index] / 240 if op.index in cycles else None,
                share=cycles[op.index] / total if op.index in cycles else None,
            )
            for op in ops
        ],
    )


def example_arena() -> Arena:
    """The arena of the example: fullest in the pointwise convolution, whose input and output are alive then."""
    return Arena(
        kind="simulated",
        used_bytes=60_144,
        minimum_bytes=60_144,
        recommended_bytes=61_440,
        headroom_bytes=1_296,
        head_bytes=57_344,
        tail_bytes=2_800,
        scratch_bytes=15_872,
        host_used_bytes=None,
        basis="TFLM's allocator (esp-tflite-micro 1.4.0) simulated to the byte, with the scratch of esp-nn 1.2.3 on "
        "ESP32-S3; not measured on a chip.",
        chip="esp32s3",
        memory="internal",
        internal_room_bytes=225_024,
        psram_room_bytes=0,
        unknown_ops=[],
        peak=ArenaPeak(op_index=2, op="CONV_2D", name="model/pointwise2/Relu", bytes_in_use=57_344),
        alive=[
            ArenaPiece(tensor=9, name="model/pointwise2/Relu", piece_bytes=36_864, gain_bytes=11_264),
            ArenaPiece(tensor=None, name="model/pointwise2/Relu", piece_bytes=15_872, gain_bytes=7_936),
            ArenaPiece(tensor=6, name="model/depthwise2/Relu", piece_bytes=4_608, gain_bytes=2_304),
        ],
        timeline=[46_080, 39_712, 57_344, 37_200, 80, 32],
    )


def example_parts(**changes: Any) -> Parts:
    """The results of the example, but for what is changed."""
    quantize = example_quantize_record()
    whole = Parts(
        quantize=quantize.result,
        evaluate=example_evaluate_record(quantize).result,
        embed=example_embed_record(quantize).result,
        quantci_version="0.1.0",
    )
    return whole._replace(**changes)


def failed_quantize_record(status: Status, code: str, cause: str = "It did not work.") -> QuantizeRecord:
    """Record of a quantization that gave no result."""
    record = QuantizeRecord(
        schema_version=1,
        stage="quantize",
        status=status,
        failure=Failure(
            code=code, cause=cause, where="models/traffic_lights.keras", remedy="Fix it, then run it again."
        ),
        provenance=example_provenance(),
        result=None,
    )
    encode(record)
    return record


def example_report(
    *,
    config: Config | None = None,
    layers: tuple[Layer, ...] = LAYERS,
    baseline: Report | None = None,
    bench: BenchRecord | None = None,
    device_job: DeviceJob = "",
    validate: bool = True,
) -> Report:
    """Report of the example; every gate holds."""
    quantize = example_quantize_record(layers, validate=validate)
    base = baseline.quantize if baseline else None
    against = example_against_base(base.quantized_model.sha256) if base else None
    report = build_report(
        config=config or example_config(),
        records={
            "quantize": quantize,
            "evaluate": example_evaluate_record(quantize, against),
            "embed": example_embed_record(quantize),
            "bench": bench,
        },
        baseline=baseline,
        provenance=example_provenance(0.1),
        title="traffic_lights.keras",
        device_job=device_job,
    )
    if validate:
        encode(report)
    return report


def classification_metrics(confusion: list[list[int]], labels: tuple[str, ...] = LABELS) -> ClassificationMetrics:
    """The metrics that follow from a confusion matrix (top-k is made up: all but the misses of the last class)."""
    total = sum(map(sum, confusion))
    per_class = []
    for index, label in enumerate(labels):
        support, hits = sum(confusion[index]), confusion[index][index]
        predicted = sum(line[index] for line in confusion)
        per_class.append(
            ClassMetrics(
                label=label,
                support=support,
                recall=hits / support if support else None,
                precision=hits / predicted if predicted else None,
                f1=2 * hits / (support + predicted) if support else None,
            )
        )
    f1s = [metrics.f1 for metrics in per_class if metrics.f1 is not None]
    return ClassificationMetrics(
        top1_accuracy=sum(confusion[index][index] for index in range(len(labels))) / total,
        top_k=3,
        top_k_accuracy=0.995,
        macro_f1=sum(f1s) / len(f1s),
        roc_auc=None,
        per_class=per_class,
        confusion_matrix=confusion,
        custom={},
    )


def _step(
    name: Literal["float", "int8-litert", "int8-oracle"],
    interpreter: str,
    confusion: list[list[int]],
    agreement: tuple[int | None, int, float, float] | None,
) -> Step:
    return Step(
        name=name,
        interpreter=interpreter,
        metrics=classification_metrics(confusion),
        agreement=None
        if agreement is None
        else Agreement(
            samples=400,
            identical_outputs=agreement[0],
            flips=agreement[1],
            largest_lsb=agreement[2],
            mean_lsb=agreement[3],
            cosine=0.9993,
        ),
        host_latency=HostLatency(median_us=412.0, p90_us=431.5, iterations=400, warm_up=10, threads=1),
    )


def _tensor(index: int, name: str, shape: tuple[int, ...], dtype: str, constant_bytes: int = 0) -> TensorInfo:
    scales = [] if dtype == "float32" else [0.0078125]
    return TensorInfo(
        index=index,
        name=name,
        shape=list(shape),
        dtype=dtype,
        scale=scales,
        zero_point=[0 for _ in scales],
        quantized_dimension=None,
        constant_bytes=constant_bytes,
    )


def _op_counts(ops: list[OpInfo]) -> list[OpCount]:
    return [
        OpCount(
            op=name,
            version=max(op.version for op in ops if op.op == name),
            count=sum(op.op == name for op in ops),
            macs=sum(op.macs or 0 for op in ops if op.op == name),
            weight_bytes=sum(op.weight_bytes for op in ops if op.op == name),
            runs_in_tflm=True,
        )
        for name in sorted({op.op for op in ops})
    ]


def example_diagnose_record(quantize: QuantizeRecord | None = None) -> DiagnoseRecord:
    """Record of a diagnosis whose second layer has an outlier channel."""
    result = (quantize or example_quantize_record()).result
    assert result is not None
    bad = 1
    layers = [
        LayerError(
            op_index=op.index,
            op=op.op,
            name=op.output_name,
            rank=1 if op.index == bad else op.index + (2 if op.index < bad else 1),
            sqnr_db=36.0 if op.index < bad else 12.5,
            channel_sqnr_db=34.0 if op.index < bad else 2.5,
            own_sqnr_db=38.0,
            own_channel_sqnr_db=2.5 if op.index == bad else 37.5,
            cosine=0.9995 if op.index < bad else 0.93,
            saturation=0.0 if op.index < bad else 0.031,
            largest_error=0.05,
        )
        for op in result.quantized_model.ops
    ]
    record = DiagnoseRecord(
        schema_version=1,
        stage="diagnose",
        status="ok",
        failure=None,
        provenance=example_provenance(1.2),
        result=DiagnoseResult(
            float_sha256=known(result.float_model).sha256,
            quantized_sha256=result.quantized_model.sha256,
            interpreters=("LiteRT 2.1.2 (built-in kernels)", "LiteRT 2.1.2 (reference kernels)"),
            samples=32,
            evaluation_samples=32,
            threshold_db=15.0,
            layers=layers,
            unmatched=[],
            first_below=bad,
            weights=[
                WeightChannels(
                    op_index=bad,
                    op=layers[bad].op,
                    name=layers[bad].name,
                    channels=8,
                    largest_to_median=187.5,
                    largest_to_smallest=410.0,
                    largest_channel=5,
                    is_per_channel=True,
                )
            ],
            clipped=[
                ClippedActivation(
                    op_index=0, name=layers[0].name, low=0.0, high=6.0, calibration_ratio=0.0, evaluation_ratio=0.0004
                )
            ],
            advice=[Advice(code=f"advice-{number}", text=f"Advice {number} about a layer.") for number in range(1, 6)],
        ),
    )
    encode(record)
    return record


def example_hit(**changes: Any) -> KernelHit:
    """A known fault that an op meets."""
    made = KernelHit(
        rule="relu6-rescale",
        subgraph=0,
        op_index=2,
        op="RELU6",
        layer="stem/relu6",
        library="tflite-micro",
        versions="1.2.1 to 1.2.3",
        severity="wrong-output",
        cause="It never rescales.",
        remedy="Fuse it.",
        source="https://github.com/some/where",
        evidence="sources",
    )
    return replace(made, **changes)
