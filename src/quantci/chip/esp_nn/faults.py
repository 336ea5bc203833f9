"""Faults of ESP-NN's kernels for the ESP32-S3 and of the code that calls them.

`sources`: read in the versions that the rule names. `emulated`: found by running the assembly of esp-nn 1.1.2, 1.2.0,
1.2.1, 1.2.2 and 1.2.3 on random shapes in an emulator of the chip, against its own ANSI C. Versions beyond the last one
named here were not examined: a fault may be fixed there, or not. Omitted, because no rule on shapes follows from them:
espressif/esp-nn#22 (a FULLY_CONNECTED far off, closed) and #23 (convolutions of -128, open). Omitted, because TFLM
aligns every tensor to 16 bytes: an ADD whose output is not aligned while its inputs are (1.1.2 and 1.2.3).
"""

from __future__ import annotations

from functools import partial
from typing import Final

from quantci.chip.esp_nn import conditions as when
from quantci.chip.rule import Rule

_ESP_NN: Final = "https://github.com/espressif/esp-nn/"
_DEPTHWISE: Final = _ESP_NN + "blob/d45b843c/src/convolution/esp_nn_depthwise_conv_s8_esp32s3.c"
_SOFTMAX: Final = (
    "https://github.com/espressif/esp-tflite-micro/blob/99f49e14/tensorflow/lite/micro/kernels/esp_nn/softmax.cc"
)
_POOL: Final = _ESP_NN + "blob/d45b843c/src/pooling/esp_nn_avg_pool_s8_esp32s3.S"
_SQUARE: Final = "Make the output as wide as it is high, or replace the pool by a MEAN or a depthwise convolution."
_REPAD: Final = (
    "Pad with a layer of its own (ZeroPadding2D) and make the convolution VALID, or change the input's size."
)

# The branches of the oldest ones are not those of dispatch.py, which says of them only whether ESP-NN is called.
_old = partial(Rule, library="esp-nn", seen=("1.0.0", "1.2.0"))
_read = partial(Rule, library="esp-nn", seen=("1.2.1", "1.2.3"))
_emulated = partial(Rule, library="esp-nn", seen=("1.1.2", "1.2.3"), evidence="emulated")

_CONVOLUTION: Final = frozenset({"CONV_2D"})
_DEPTHWISE_OP: Final = frozenset({"DEPTHWISE_CONV_2D"})
_DENSE: Final = frozenset({"FULLY_CONNECTED"})

RULES: Final = (
    _old(
        name="conv-same-padding",
        ops=_CONVOLUTION,
        matches=when.pads_unevenly,
        cause="A SAME convolution that pads more on the right or at the bottom than on the left and top gives wrong "
        "values in its last column or row.",
        remedy=_REPAD,
        source=_ESP_NN + "issues/31",
    ),
    _read(
        name="conv-same-padding-both",
        ops=_CONVOLUTION,
        matches=when.pads_unevenly_and_before,
        cause="A SAME convolution that pads on all sides, and more on the right or at the bottom, gives wrong values "
        "in its last column or row.",
        remedy=_REPAD,
        source=_ESP_NN + "issues/31",
    ),
    _emulated(
        name="conv-pointwise-channels",
        seen=("1.1.2", "1.2.2"),
        ops=_CONVOLUTION,
        matches=when.leaves_last_pixel,
        cause="A 1x1 convolution whose input channels are not a multiple of 8 gives wrong values in its last pixel.",
        remedy="Make the input channels a multiple of 8, or use esp-nn 1.2.3.",
        source=_ESP_NN,
    ),
    Rule(
        name="conv-plain-c",
        library="esp-nn",
        seen=("1.2.3", "1.3.2"),
        beside=("esp-tflite-micro", "1.3.8"),
        ops=_CONVOLUTION,
        matches=when.is_convolution,
        severity="slow",
        cause="esp-tflite-micro before 1.3.8 does not tell this esp-nn the channels of the filter, so that every "
        "CONV_2D runs in plain C, 10 to 16 times slower.",
        remedy="Use esp-tflite-micro 1.3.8 or newer.",
        source=_ESP_NN + "issues/26",
    ),
    _emulated(
        name="depthwise-scratch",
        ops=_DEPTHWISE_OP,
        matches=when.overruns_scratch,
        severity="overwrites-memory",
        evidence="sources",
        cause="A 3x3 depthwise convolution that is padded on one axis only writes beyond its scratch buffer.",
        remedy=_REPAD,
        source=_ESP_NN + "issues/30",
    ),
    _read(
        name="depthwise-strip",
        ops=_DEPTHWISE_OP,
        matches=when.overruns_strip,
        severity="overwrites-memory",
        cause="A 3x3 depthwise convolution that is padded on the right and bottom only, of more than 40 KiB, writes "
        "far beyond its scratch buffer.",
        remedy="Make its input smaller than 40 KiB, or pad with a layer of its own on all sides.",
        source=_DEPTHWISE,
    ),
    _emulated(
        name="depthwise-multiplier",
        seen=("1.1.2", "1.1.2"),
        ops=_DEPTHWISE_OP,
        matches=when.multiplies_channels,
        severity="overwrites-memory",
        cause="A depthwise convolution whose depth multiplier is a multiple of 4 writes up to 16 bytes beyond its "
        "scratch buffer.",
        remedy="Use a depth multiplier of 1, or esp-nn 1.2.3.",
        source=_ESP_NN,
    ),
    _read(
        name="depthwise-tile-padding",
        ops=_DEPTHWISE_OP,
        matches=when.pads_tiles_with_zero,
        cause="A large depthwise convolution with another filter than 3x3 pads its first and last rows with a value "
        "that does not stand for zero.",
        remedy="Use a 3x3 filter, make its input smaller, or make the convolution VALID.",
        source=_DEPTHWISE,
    ),
    _emulated(
        name="avg-pool-columns",
        ops=frozenset({"AVERAGE_POOL_2D"}),
        matches=when.pools_wide,
        evidence="sources",
        cause="An AVERAGE_POOL_2D whose output is wider than high takes the length of a row from the height, and "
        "averages other values.",
        remedy=_SQUARE,
        source=_POOL,
    ),
    _emulated(
        name="avg-pool-rows",
        ops=frozenset({"AVERAGE_POOL_2D"}),
        matches=when.pools_high,
        severity="overwrites-memory",
        evidence="sources",
        cause="An AVERAGE_POOL_2D whose output is higher than wide takes the length of a row from the height, and "
        "writes beyond its output.",
        remedy=_SQUARE,
        source=_POOL,
    ),
    _emulated(
        name="max-pool-clamp",
        ops=frozenset({"MAX_POOL_2D"}),
        matches=when.clamps_in_fours,
        cause="A MAX_POOL_2D with a fused activation, whose channels are a multiple of 4 and not of 8, gives wrong "
        "values.",
        remedy="Make its channels a multiple of 8, or move the activation into the layer before it.",
        source=_ESP_NN,
    ),
    _emulated(
        name="dense-alignment",
        seen=("1.1.2", "1.2.5"),
        ops=_DENSE,
        matches=when.reads_odd_rows,
        cause="A FULLY_CONNECTED over several rows reads the second row off its alignment when the length is not "
        "a multiple of 8, and sums up other values.",
        remedy="Make the length of a row a multiple of 8, or the batch 1.",
        source=_ESP_NN + "issues/34",
    ),
    _emulated(
        name="dense-1-2-1",
        seen=("1.2.1", "1.2.2"),
        ops=_DENSE,
        matches=when.is_dense,
        cause="About 45 % of the shapes of FULLY_CONNECTED give wrong values in these versions; which is not known.",
        remedy="Use esp-nn 1.2.3.",
        source=_ESP_NN,
    ),
    _emulated(
        name="mul-rest",
        ops=frozenset({"MUL"}),
        matches=when.leaves_elements,
        severity="one-step",
        cause="A MUL whose elements are not a multiple of 8 rounds the last ones otherwise, by one step of its output "
        "at most.",
        remedy="Accept it, unless outputs must be those of the host bit for bit: then make the number of elements a "
        "multiple of 8.",
        source=_ESP_NN,
    ),
    _read(
        name="softmax-rows",
        ops=frozenset({"SOFTMAX"}),
        matches=when.has_odd_softmax_rows,
        cause="A SOFTMAX over two rows or more, each longer than 32 and not a multiple of 16, gives wrong values.",
        remedy="Make a row a multiple of 16 long, or take the softmax of one row at a time.",
        source=_ESP_NN + "blob/d45b843c/src/softmax/esp_nn_softmax_s8_esp32s3.c",
    ),
    Rule(
        name="softmax-scratch",
        library="esp-tflite-micro",
        severity="overwrites-memory",
        seen=("1.3.1", "1.4.0"),
        ops=frozenset({"SOFTMAX"}),
        matches=when.outgrows_scratch,
        cause="A SOFTMAX of more than two dimensions asks for scratch by its second dimension and writes as many "
        "values as its last one has.",
        remedy="Reshape what goes into the softmax to two dimensions.",
        source=_SOFTMAX,
    ),
)
