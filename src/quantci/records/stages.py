"""The table of stages: what each reads and writes, whether a report needs it, and what its failure costs.

A new stage is one entry here, its record in records/NAME.py, its own folder and its command cli/NAME.py. This module
imports no record: a command reads only those that it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from quantci.records.bench import BenchRecord
    from quantci.records.diagnose import DiagnoseRecord
    from quantci.records.embed import EmbedRecord
    from quantci.records.evaluate import EvaluateRecord
    from quantci.records.quantize import QuantizeRecord
    from quantci.records.stage import StageRecord

R = TypeVar("R", bound="StageRecord")


class Stage(NamedTuple, Generic[R]):
    """One verb: files in, one record and files out.

    Attributes:
        name: also of its command and of its action; its record is NAMERecord in records/NAME.py.
        reads: the stages whose records it starts from: when one of them runs again, its own is out of date.
        outputs: files beside its record that are then out of date as well.
        is_needed: whether a report without it is not the whole. One that is not needed runs in a pipeline only where
            its command says that it is called for.
        decides: whether its failure ends the run and leaves the verdict open; otherwise it costs a line of advice.
    """

    name: str
    reads: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    is_needed: bool = True
    decides: bool = True

    @property
    def record_file(self) -> str:
        """Name of its record's file."""
        return f"{self.name}.json"

    def record_type(self) -> type[R]:
        """Of its record; imported now."""
        found: type[R] = getattr(import_module(f"quantci.records.{self.name}"), f"{self.name.capitalize()}Record")
        return found


QUANTIZE: Final[Stage[QuantizeRecord]] = Stage("quantize")
EVALUATE: Final[Stage[EvaluateRecord]] = Stage(
    "evaluate", reads=("quantize",), outputs=("evaluate-*-of-*.json", "evaluate-*-of-*.npz")
)
DIAGNOSE: Final[Stage[DiagnoseRecord]] = Stage("diagnose", reads=("quantize",), is_needed=False, decides=False)
EMBED: Final[Stage[EmbedRecord]] = Stage("embed", reads=("quantize",))
# A device that fails says nothing about the model: so bench never decides, but what it measured is judged by gates.
BENCH: Final[Stage[BenchRecord]] = Stage(
    "bench", reads=("quantize", "evaluate"), outputs=("serial.log", "device.log"), is_needed=False, decides=False
)
STAGES: Final[tuple[Stage[Any], ...]] = (QUANTIZE, EVALUATE, DIAGNOSE, EMBED, BENCH)  # in the order in which they run

REPORT: Final = ("report.json", "report.md")


def outdated_by(stage: Stage[Any]) -> set[str]:
    """Names of files, with `*` for any text, that are of an earlier run as soon as this stage runs again."""
    files = {stage.record_file, *REPORT}
    for later in STAGES:
        if stage.name in later.reads:
            files |= {*later.outputs, *outdated_by(later)}
    return files
