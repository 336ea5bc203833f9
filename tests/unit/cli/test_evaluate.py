"""What --shard takes."""

from __future__ import annotations

import pytest

from quantci.cli.evaluate import parse_shard
from quantci.errors import ConfigError
from quantci.records.shard import Shard


@pytest.mark.parametrize(("text", "index", "count"), [("1/1", 1, 1), ("2/4", 2, 4), ("9999/9999", 9999, 9999)])
def test_a_number_of_a_number(text: str, index: int, count: int) -> None:
    assert parse_shard(text) == Shard(index=index, count=count)


@pytest.mark.parametrize(
    "text", ["", "2", "2/", "/4", "0/4", "5/4", "-1/4", "02/4", "2/4/6", "2 / 4", "2/4\n", "a/b", "1/10000", "٢/٤"]
)
def test_another_form_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_shard(text)
    assert (caught.value.code, caught.value.where) == ("shard", "--shard")
    assert "1/4, 2/4, 3/4 and 4/4" in caught.value.remedy
