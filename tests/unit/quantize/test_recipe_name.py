"""Names of recipes are words; each fault says what is wrong and what would be right."""

import pytest

from quantci.errors import ConfigError
from quantci.quantize.recipe import CORRECTIONS, RANGE_RULES, TRANSFORMS, Types, recipe_named
from quantci.quantize.recipe_name import WORDS, words_of
from quantci.records.config import QuantizationConfig


def test_each_word_is_a_recipe() -> None:
    for word in WORDS:
        assert words_of(word) == (word,)
    for kind, table in (("transform", TRANSFORMS), ("range rule", RANGE_RULES), ("correction", CORRECTIONS)):
        assert {word for word in WORDS if WORDS[word].kind == kind} == set(table)


@pytest.mark.parametrize(
    ("name", "usual"),
    [
        ("bias-correction+percentile-99.9+cle", "cle+percentile-99.9+bias-correction"),
        ("minmax+cle", "cle"),
        ("minmax", "minmax"),
        ("int16x8+equalize", "equalize+int16x8"),
    ],
)
def test_records_call_a_recipe_by_its_words_in_their_usual_order(name: str, usual: str) -> None:
    assert recipe_named(name, QuantizationConfig(), needs_tensorflow=False).name == usual


def test_words_are_the_parts_of_the_recipe() -> None:
    config = QuantizationConfig(rewrite=False, output_type="uint8")
    recipe = recipe_named("cle+mse+bias-correction+per-tensor-dense", config, needs_tensorflow=True)
    assert recipe.transforms == (TRANSFORMS["cle"],)
    assert recipe.range_rules == (RANGE_RULES["mse"],)
    assert recipe.corrections == (CORRECTIONS["bias-correction"],)
    assert recipe.types == Types("int8", "uint8", "int8", per_tensor_dense=True)
    assert recipe.engine == "tensorflow"


def test_int16_is_for_litert() -> None:
    recipe = recipe_named("int16x8", QuantizationConfig(), needs_tensorflow=True)
    assert (recipe.types, recipe.engine) == (Types("int16", "int16", "int16"), "litert")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (QuantizationConfig(input_type="uint8"), "int16x8 gives int16 inputs and outputs."),
        (QuantizationConfig(engine="tensorflow"), "TensorFlow's quantizer has no int16x8."),
    ],
)
def test_what_does_not_go_with_int16(config: QuantizationConfig, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        recipe_named("int16x8", config, needs_tensorflow=False)
    assert caught.value.code == "recipe"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("percentile-99.0", r"'percentile-99.0' is not a recipe. Did you mean percentile-99.9\?"),
        ("minmaks", r"'minmaks' is not a recipe. Did you mean minmax\?"),
        ("CLE", r"'CLE' is not a recipe. Did you mean cle\?"),
        ("Percentile-99.9", r"'Percentile-99.9' is not a recipe. Did you mean percentile-99.9\?"),
        ("AUTO", r"'AUTO' is not a recipe. Did you mean auto\?"),
        ("hopeful", "'hopeful' is not a recipe. Words are joined by +"),
        ("", "'' is not a recipe"),
        ("percentile-99.9+", "'' is not a recipe"),
        ("minmax+percentile-99.9", "minmax and percentile-99.9 are each a range rule, and a recipe has one."),
        ("minmax+minmax", "minmax and minmax are each a range rule"),
    ],
)
def test_a_name_that_is_none(name: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        words_of(name, "quantci.toml: quantization.recipe")
    assert said.replace("\\", "") in str(caught.value)
    assert (caught.value.code, caught.value.where) == ("recipe", "quantci.toml: quantization.recipe")
