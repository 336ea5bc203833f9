"""The latency estimate for a network of so many ops: the layers of a published one, over and over."""

from __future__ import annotations

import sys
import time
from itertools import cycle, islice


def main(count: int) -> None:
    """Estimate, timed from the end of the imports on; the flatbuffer is not read here."""
    from quantci.records.model import OpInfo
    from quantci.target.latency import estimate_latency
    from quantci.target.latency_coefficients import published
    from quantci.target.latency_data import published as figures
    from quantci.target.latency_layers import parse_layers
    from quantci.tflite.macs import count_macs

    figure = next(figure for figure in figures().figures if figure.is_model)
    layers = list(islice(cycle(parse_layers(figure.input, figure.layers)), count))
    infos = [
        OpInfo(
            index=index,
            op=layer.op,
            version=1,
            is_custom=False,
            inputs=[],
            outputs=[],
            output_name="",
            output_shape=list(layer.output),
            macs=count_macs(layer.op, layer.inputs, [layer.output]),
            weight_bytes=0,
            fused_activation=None,
            is_float=False,
            runs_in_tflm=True,
        )
        for index, layer in enumerate(layers)
    ]
    coefficients = published()
    started_s = time.perf_counter()
    estimate_latency(layers, infos, coefficients)
    print(f"done in {time.perf_counter() - started_s:.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]))
