"""Names of recipes are words; each fault says what is wrong and what would be right."""

import pytest

from quantci.errors import ConfigError
from quantci.quantize.recipe import RANGE_RULES
from quantci.quantize.recipe_name import WORDS, words_of


def test_each_word_is_a_recipe() -> None:
    for word in WORDS:
        assert words_of(word) == (word,)
    assert {word for word in WORDS if WORDS[word].kind == "range rule"} == set(RANGE_RULES)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("percentile-99.0", r"'percentile-99.0' is not a recipe. Did you mean percentile-99.9\?"),
        ("minmaks", r"'minmaks' is not a recipe. Did you mean minmax\?"),
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
