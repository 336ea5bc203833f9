"""The recipe qat: where training starts, and what it goes with."""

from __future__ import annotations

import pytest

from quantci.errors import ConfigError
from quantci.quantize.recipe import recipe_named
from quantci.quantize.same_range import same_range
from quantci.records.config import QuantizationConfig


def test_training_starts_from_the_usual_range_rules_or_the_one_that_is_named() -> None:
    usual = recipe_named("qat", QuantizationConfig(), needs_tensorflow=False)
    assert list(usual.starts) == ["minmax", "percentile-99.99", "percentile-99.9", "mse"]
    named = recipe_named("qat+percentile-99.9", QuantizationConfig(), needs_tensorflow=False)
    assert (named.name, list(named.starts)) == ("percentile-99.9+qat", ["percentile-99.9"])
    assert named.range_rules == (same_range,), "what was learned is not chosen once more"
    assert not recipe_named("minmax", QuantizationConfig(), needs_tensorflow=False).starts


@pytest.mark.parametrize("name", ["qat+int16x8", "qat+bias-correction"])
def test_what_does_not_go_with_training_is_refused(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        recipe_named(name, QuantizationConfig(), needs_tensorflow=False)
    assert caught.value.code == "recipe"
