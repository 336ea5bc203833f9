"""What would make an inference faster: what the estimate says that the largest savings are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from quantci.chip.esp_nn.work import weight_bytes, work_of
from quantci.chip.latency.estimate import complete_cycles
from quantci.records.stage import Advice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quantci.chip.esp_nn.work import Build
    from quantci.chip.graph import Graph
    from quantci.chip.op import Op
    from quantci.records.kernels import OpKernel
    from quantci.records.latency import LatencyCoefficients

MOST: Final = 2  # what a comment has room for
LEAST_SHARE: Final = 0.02  # of the inference that a change must save to be told
LARGE_CACHE: Final = 65_536  # the largest data cache of the chip
_SHRUNK: Final = 0.1  # share of the weights that a smaller model may well do without


class _Saving(NamedTuple):
    cycles: float
    code: str
    what: str


def advise_faster(
    graph: Graph, kernels: Sequence[OpKernel], coefficients: LatencyCoefficients, build: Build, cache_bytes: int
) -> list[Advice]:
    """At most two sentences, each with the time that it would save, the larger one first.

    Args:
        graph: of a quantized model.
        kernels: of its ops, with what other numbers of channels would save.
        coefficients: what each unit of work costs.
        build: what the time of an op depends on.
        cache_bytes: the data cache.
    """
    if build.kernels != "esp-nn":
        return []
    total = sum(_cycles(op, coefficients, build) for op in graph.ops)
    found = [
        _rescaling(graph, coefficients, build),
        _mean(graph.ops, coefficients, build),
        _channels(kernels, build),
        _cache(graph.ops, coefficients, build, cache_bytes),
    ]
    largest = sorted((one for one in found if one.cycles > LEAST_SHARE * total), key=lambda one: -one.cycles)[:MOST]
    return [
        Advice(
            code=one.code,
            text=f"{one.what} This saves about {_ms(one.cycles, build)} of {_ms(total, build)}, estimated.",
        )
        for one in largest
    ]


def _rescaling(graph: Graph, coefficients: LatencyCoefficients, build: Build) -> _Saving:
    """MUL and ADD of a constant, one after the other from the model's input on."""
    reached, found = {tensor.index for tensor in graph.inputs}, []
    for op in graph.ops:
        x, y = op.input(0), op.input(1)
        if op.name not in {"MUL", "ADD"} or x is None or y is None or not y.is_constant or x.index not in reached:
            continue
        if x.shape != y.shape:
            found.append(op)
            reached |= {tensor.index for tensor in op.outputs}
    what = (
        f"Remove {_named(found)} on the model's input, such as a Rescaling layer leaves, and scale in [input] instead: "
        "the input's quantization then does it for nothing."
    )
    return _Saving(sum(_cycles(op, coefficients, build) for op in found), "latency-rescaling", what)


def _mean(ops: Iterable[Op], coefficients: LatencyCoefficients, build: Build) -> _Saving:
    """MEAN over a plane, which AVERAGE_POOL_2D with a window of that plane computes in ESP-NN."""
    pool, call = (coefficients.terms.get(name) for name in ("avg_pool_tap", "op"))
    saved, count = 0.0, 0
    for op in ops:
        x = op.input(0)
        if op.name != "MEAN" or x is None or len(x.shape) != 4 or x.shape[3] % 4 or not op.outputs or pool is None:
            continue
        if op.outputs[0].elements != x.shape[0] * x.shape[3]:
            continue
        then = pool.cycles * x.elements + (call.cycles if call else 0)
        saved += max(0.0, _cycles(op, coefficients, build) - then)
        count += 1
    many = f" ({count} MEAN)" if count > 1 else ""
    what = (
        f"Use AveragePooling2D over the whole plane instead of GlobalAveragePooling2D{many}: TFLM's MEAN has no kernel "
        "of ESP-NN."
    )
    return _Saving(saved, "latency-mean", what)


def _channels(kernels: Iterable[OpKernel], build: Build) -> _Saving:
    """Layers whose channels are padded, or run in plain C."""
    wide = [kernel for kernel in kernels if kernel.saved_us is not None and kernel.saved_us > 0]
    layers = f"{len(wide)} layers" if len(wide) > 1 else "a layer"
    what = f"Give {layers} the number of channels that the section on kernels names."
    saved = math.fsum(kernel.saved_us or 0 for kernel in wide) * build.clock_hz / 1e6
    return _Saving(saved, "latency-channels", what)


def _cache(ops: Sequence[Op], coefficients: LatencyCoefficients, build: Build, cache_bytes: int) -> _Saving:
    """Weights that a larger data cache would hold, or that are a little too many."""
    size, term = sum(map(weight_bytes, ops)), coefficients.terms.get("flash_dio_ns")
    held = f"The {size:,} bytes of weights do not fit the data cache of {cache_bytes // 1024} KB"
    what = ""
    if size < LARGE_CACHE > cache_bytes:
        what = f"{held}: set CONFIG_ESP32S3_DATA_CACHE_64KB, which takes "
        what += f"32 KB of SRAM, and target.data_cache_bytes to {LARGE_CACHE}."
    elif size * (1 - _SHRUNK) < cache_bytes:
        what = f"{held} by {size - cache_bytes + 1:,} bytes: remove as many."
    is_read = build.reads_flash and what and term is not None
    return _Saving(size * build.clock_hz / 1e9 * term.cycles if is_read and term else 0.0, "latency-cache", what)


def _cycles(op: Op, coefficients: LatencyCoefficients, build: Build) -> float:
    work = work_of(op, build)
    return 0.0 if work is None else complete_cycles(work, coefficients) or 0.0


def _ms(cycles: float, build: Build) -> str:
    found = 1e3 * cycles / build.clock_hz
    return f"{found:,.1f} ms" if found < 10 else f"{found:,.0f} ms"


def _named(ops: Iterable[Op]) -> str:
    return " and ".join(dict.fromkeys(op.name for op in ops))
