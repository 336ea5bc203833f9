"""One view of a .tflite: its bytes, and what is read off them, each once.

A command makes it once and hands it on. Whatever runs a model takes a Model, so that its structure was checked before
native code sees it.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Self

from quantci.tflite.decode import decode
from quantci.tflite.enums import op_name, tensor_name
from quantci.tflite.flatbuffer import pack, parse
from quantci.tflite.identify import read_model_file
from quantci.tflite.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from quantci.records.model import ModelSummary


class Model:
    """A .tflite. Nothing is read off it before it is asked for, and everything once.

    Pickled for a worker, it takes along what it was made from and nothing else.

    Attributes:
        data: content of the file.
        where: what messages name: its path, or the source that it was made from.
        file_name: what records call it.
    """

    def __init__(
        self, data: bytes, where: str, *, file_name: str | None = None, tensor_names: Sequence[str] = ()
    ) -> None:
        """Look at nothing yet.

        Args:
            data: content of the file.
            where: what messages name.
            file_name: what records call it; by default the last part of `where`.
            tensor_names: those of the main subgraph, for a model that was stripped of them.
        """
        self.data = data
        self.where = where
        self.file_name = PurePath(where).name if file_name is None else file_name
        self._given_names = tensor_names

    @classmethod
    def read(cls, path: Path, *, file_name: str | None = None) -> Self:
        """The model in a file; for the arguments see above.

        Raises:
            ModelRejected: see `read_model_file`.
        """
        return cls(read_model_file(path), str(path), file_name=file_name)

    def __getstate__(self) -> dict[str, Any]:
        """What it was made from."""
        return {name: vars(self)[name] for name in ("data", "where", "file_name", "_given_names")}

    @cached_property
    def sha256(self) -> str:
        """Digest of the file."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def tree(self) -> Any:
        """The schema's ModelT, after its structure was checked. Everybody reads this one: see `draft`.

        Raises:
            ModelRejected: see `parse`.
        """
        return parse(self.data, self.where)

    @cached_property
    def summary(self) -> ModelSummary:
        """The look into it that records keep.

        Raises:
            ModelRejected: see `parse`.
        """
        return summarize(self.tree, file_name=self.file_name, sha256=self.sha256, file_bytes=len(self.data))

    @cached_property
    def tensor_names(self) -> Sequence[str]:
        """Names of the main subgraph's tensors: those that were given, if they are as many; else the file's own."""
        tensors = self.tree.subgraphs[0].tensors
        if len(self._given_names) == len(tensors):
            return self._given_names
        return [tensor_name(tensor) for tensor in tensors]

    def ops(self, name: str) -> Iterator[tuple[Sequence[Any], Any]]:
        """Every OperatorT of this builtin op, in all subgraphs, with the TensorTs of its subgraph."""
        wanted = [op_name(code) == name for code in self.tree.operatorCodes or ()]
        for graph in self.tree.subgraphs:
            yield from ((graph.tensors, op) for op in graph.operators if wanted[op.opcodeIndex])

    def at(self, where: str) -> Model:
        """The same model, which messages find at `where` from now on. What was read off it is not read again."""
        moved = Model(self.data, where)
        vars(moved).update({**vars(self), "where": where})
        return moved

    def draft(self) -> Any:
        """A tree like `tree`, and the caller's own to change.

        Raises:
            ModelRejected: see `parse`.
        """
        self.tree  # noqa: B018  checked once, by whoever is the first
        return decode(self.data)

    def changed(self, draft: Any, *, tensor_names: Sequence[str] = ()) -> Model:
        """What became of a draft. It is another model of the same name: its structure is checked anew."""
        return Model(pack(draft), self.where, file_name=self.file_name, tensor_names=tensor_names)
