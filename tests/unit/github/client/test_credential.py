"""The token is found in the environment, and nothing shows it."""

from __future__ import annotations

import pytest

from quantci.errors import ConfigError
from quantci.github.client.credential import Token, read_token


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GITEA_TOKEN", "FORGEJO_TOKEN"])
def test_token_of_each_kind_of_server(name: str) -> None:
    assert read_token({name: " secret\n"}).reveal() == "secret"


def test_an_empty_one_is_none() -> None:
    assert read_token({"GITHUB_TOKEN": " ", "GITEA_TOKEN": "second"}).reveal() == "second"
    with pytest.raises(ConfigError) as caught:
        read_token({"GITHUB_TOKEN": ""})
    assert caught.value.code == "no-token"
    assert "pull-requests: write" in caught.value.remedy


@pytest.mark.parametrize("text", ["se cret", "sec\nret", "sécret", "sec\x00ret"])
def test_a_token_that_cannot_be_one_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_token({"GITHUB_TOKEN": text})
    assert "ret" not in str(caught.value).replace("letters", "")


def test_token_shows_nowhere() -> None:
    token = Token("secret")
    assert "secret" not in f"{token} {token!r} {[token]} {vars(Token)}"
    assert token.hide("a secret!") == "a ***!"
