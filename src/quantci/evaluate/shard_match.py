"""Whether shards belong to each other and to this run: same models, configuration, set, versions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from quantci import __version__
from quantci.data.culprits import printable
from quantci.errors import ConfigError
from quantci.evaluate.identity import config_sha256
from quantci.evaluate.shard_folder import name_shards
from quantci.evaluate.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quantci.evaluate.shard_folder import Found
    from quantci.records.config import Config
    from quantci.records.quantize import QuantizeResult

_NONE: Final = "none"
_STEPS: Final = dict(zip(STEPS, ("float", "the quantized model", "the oracle"), strict=True))
TOOLS = ("numpy", "pillow")  # they decode and resize; the interpreters' names include their versions


def check_match(found: Sequence[Found], config: Config, quantize: QuantizeResult) -> None:
    """Refuse the shards that differ from this run or, where this run cannot know, from most of the others.

    Raises:
        ConfigError: `shard-foreign`: which shards, in what, and both values.
    """
    own = {
        "quantci version": __version__,
        "float model": quantize.float_model.sha256 if quantize.float_model else _NONE,
        "quantized model": quantize.quantized_model.sha256,
        "configuration": config_sha256(config),
    }
    facts = [_facts(one) for one in found]
    for name in facts[0]:
        wanted = own.get(name) or Counter(fact[name] for fact in facts).most_common(1)[0][0]
        foreign = [index for index, fact in enumerate(facts) if fact[name] != wanted]
        if foreign:
            first = found[foreign[0]]
            numbers = [found[index].shard.index for index in foreign]
            raise ConfigError(
                "shard-foreign",
                f"{name_shards(numbers, first.shard.count)} cannot be merged into this run: "
                f"the {name} is {_short(facts[foreign[0]][name])} there, and {_short(wanted)} here.",
                where=str(first.path),
                remedy="Give all shards and merge the same models, quantci.toml, options, set and versions.",
            )


def _facts(one: Found) -> dict[str, str]:
    result, tools = one.result, one.provenance.tools
    return {
        "quantci version": one.provenance.quantci_version,
        "float model": result.float_sha256 or _NONE,
        "quantized model": result.quantized_sha256,
        "configuration": result.config_sha256,
        "number of samples": str(result.found),
        "evaluation set": result.dataset_sha256,
        "oracle": result.oracle,
        **{f"interpreter of {_STEPS[step]}": result.interpreters.get(step, _NONE) for step in STEPS},
        **{f"version of {tool}": tools.get(tool, "not known") for tool in TOOLS},
    }


def _short(value: str) -> str:
    """A digest by its first digits, as elsewhere; a name as it is."""
    return f"{value[:12]}..." if len(value) == 64 else printable(value)
