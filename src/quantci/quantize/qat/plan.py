"""What training needs beside the model: the wishes of [qat], and where the user's code is."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from quantci.errors import ConfigError, missing_torch
from quantci.records.code_name import CodeName
from quantci.workers.own_code import load_function, not_allowed, search_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from quantci.records.config import Task
    from quantci.records.qat import QatConfig


class QatPlan(NamedTuple):
    """What is asked for.

    Attributes:
        config: [qat].
        task: of the model.
        base: folder of quantci.toml, where the user's modules are looked for.
        allow_code: whether they, which are code of the repository, may be imported.
    """

    config: QatConfig
    task: Task
    base: Path
    allow_code: bool

    @property
    def has_code(self) -> bool:
        """Whether functions of the user's take part."""
        return self.config.fine_tune is not None or self.config.loss is not None

    def check(self) -> None:
        """Before anything is read, imported or trained.

        Raises:
            ConfigError: `code-not-allowed`; `fine-tune`: a name is not module:function.
            ToolError: `missing-extra`: torch is not installed.
        """
        for key, spec in (("fine_tune", self.config.fine_tune), ("loss", self.config.loss)):
            if spec is None:
                continue
            where = f"qat.{key}: {spec}"
            if not self.allow_code:
                raise not_allowed("This function", where, "or remove it")
            if CodeName.parse(spec) is None:
                remedy = "Write it like my_training:batches."
                raise ConfigError("fine-tune", "This is not of the form module:function.", where=where, remedy=remedy)
        if find_spec("torch") is None:
            raise missing_torch("The recipe qat", ", or name another one in quantization.recipe")

    def batches(self) -> Callable[[int], Iterator[Any]] | None:
        """The user's batches by seed; None where [qat] names no function.

        Raises:
            ConfigError: `fine-tune`.
        """
        if self.config.fine_tune is None:
            return None
        function = self._load("fine_tune", self.config.fine_tune)

        def batches(seed: int) -> Iterator[Any]:
            with search_first(self.base):  # also for what it imports when it runs
                yield from function(seed)

        return batches

    def loss(self) -> Callable[[Any, Any], Any] | None:
        """The user's loss; None where [qat] names none.

        Raises:
            ConfigError: `fine-tune`, also later when it fails in use.
        """
        if self.config.loss is None:
            return None
        function, where = self._load("loss", self.config.loss), f"qat.loss: {self.config.loss}"

        def loss(outputs: Any, y: Any) -> Any:
            try:
                found = function(outputs, y)
                is_usable = found.ndim == 0 and (found.requires_grad or not outputs.requires_grad)
            except (Exception, SystemExit) as error:
                cause = f"It failed on outputs {list(outputs.shape)} and y {list(y.shape)}: {type(error).__name__}: "
                remedy = "Make it return one number, a tensor of torch, for these."
                raise ConfigError("fine-tune", f"{cause}{error}.", where=where, remedy=remedy) from error
            if not is_usable:
                cause = "It returned something that does not depend on the outputs, or is not one number."
                remedy = "Make it return the mean loss as torch computes it."
                raise ConfigError("fine-tune", cause, where=where, remedy=remedy)
            return found

        return loss

    def _load(self, key: str, spec: str) -> Callable[..., Any]:
        name = CodeName.parse(spec)
        assert name is not None, "check() comes first"
        return load_function(name, self.base, code="fine-tune", where=f"qat.{key}: {spec}")
