"""A function of the user's own, imported: code of the repository, perhaps from a stranger's pull request."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import TYPE_CHECKING, Final

from quantci.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from quantci.records.code_name import CodeName

ALLOW: Final = "Allow it where the repository is trusted (the actions: allow-code: true)"


def not_allowed(what: str, where: str, instead: str) -> ConfigError:
    """What says so before anything is imported.

    Args:
        what: that is code, such as "This metric".
        where: the key, and the name in it.
        instead: what else can be done, as the end of a sentence.
    """
    return ConfigError(
        "code-not-allowed",
        f"{what} is code of the repository, and running that is not allowed here.",
        where=where,
        remedy=f"{ALLOW}, {instead}.",
    )


def load_function(name: CodeName, base: Path, *, code: str, where: str) -> Callable[..., Any]:
    """Import the function; the folder `base` (that of quantci.toml) is searched before all others.

    Args:
        name: of the function.
        base: where its module is looked for first.
        code: the code word of the fault.
        where: what names it in quantci.toml.

    Raises:
        ConfigError: of `code`: the import fails, or the function is missing.
    """
    module, function_name = name
    try:
        with search_first(base):
            loaded = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        raise ConfigError(
            code,
            f"The module {module} cannot be imported: {type(error).__name__}: {error}.",
            where=where,
            remedy=f"Put {module.replace('.', '/')}.py into {base}, or install the package that has it.",
        ) from error
    file = getattr(loaded, "__file__", None)  # what is built in has none
    if own := _namesake(file, module, base):
        raise ConfigError(
            code,
            f"The name {module} belongs to another module already ({file or 'built in'}).",
            where=where,
            remedy=f"Rename {own.name}, and what names it.",
        )
    function: Callable[..., Any] | None = getattr(loaded, function_name, None)
    if not callable(function):
        raise ConfigError(
            code,
            f"The module {module} has no function {function_name}.",
            where=where,
            remedy=f"Define {function_name} in {file or module}.",
        )
    return function


@contextlib.contextmanager
def search_first(base: Path) -> Iterator[None]:
    """Let `base` be searched for modules before all other folders."""
    entry = str(base.resolve())
    sys.path.insert(0, entry)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # the module may have taken it away
            sys.path.remove(entry)


def _namesake(loaded_file: str | None, module: str, base: Path) -> Path | None:
    """The file in `base` that an earlier imported module of its name wins over: never run the wrong one."""
    stem = base.resolve().joinpath(*module.split("."))
    own = [file for file in (stem.with_suffix(".py"), stem / "__init__.py") if file.is_file()]
    if own and (loaded_file is None or not any(file.samefile(loaded_file) for file in own)):
        return own[0]
    return None
