"""The rewrites in the order in which they are tried, again and again until none of them applies.

First what no kernel runs becomes what one does; then ops go, and only then are layouts and weights touched.
"""

from __future__ import annotations

from typing import Final

from quantci.rewrite.drop_dead import drop_dead
from quantci.rewrite.drop_idle import drop_idle
from quantci.rewrite.fold_affine import fold_before, fold_behind
from quantci.rewrite.fold_pad import fold_pad
from quantci.rewrite.fuse_activation import fuse_activation
from quantci.rewrite.layout import cancel_transposes
from quantci.rewrite.matmul_to_dense import matmul_to_dense
from quantci.rewrite.reciprocal_root import reciprocal_root
from quantci.rewrite.relu_0_to_1 import fold_through_product, relu_0_to_1
from quantci.rewrite.rule import EXACT, ROUNDING, Rule

RULES: Final = (
    Rule("relu-0-to-1", relu_0_to_1, ROUNDING, may_grow=True),
    Rule("reciprocal-root", reciprocal_root, ROUNDING),
    Rule("matmul-to-dense", matmul_to_dense, ROUNDING, may_grow=True),
    Rule("drop-dead", drop_dead, EXACT),
    Rule("drop-idle", drop_idle, EXACT),
    Rule("cancel-transposes", cancel_transposes, ROUNDING),
    Rule("fold-pad", fold_pad, EXACT),
    Rule("fold-scale-behind", fold_behind, ROUNDING),
    Rule("fold-scale-before", fold_before, ROUNDING),
    Rule("fold-scale-through", fold_through_product, ROUNDING),
    Rule("fuse-activation", fuse_activation, EXACT),
)
