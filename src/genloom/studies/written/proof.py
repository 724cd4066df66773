"""A written question: what is claimed, why it holds, where the printed answer is wrong, and a check that runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genloom.report.results import Figure, Result, Table
from genloom.studies.study import Answer, Deliverable

if TYPE_CHECKING:
    from genloom.studies.context import Context


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a check found: numbers, each with its verdict, and what is worth seeing or saying of them.

    text    paragraphs about the numbers, as in `report.results.Item`
    """

    results: Sequence[Result]
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    text: Sequence[str] = ()


Check = Callable[["Context"], Checked]


@dataclass(frozen=True, kw_only=True)
class Written:
    r"""One question on paper with its answer, in words that are ours.

    number      as in the assignment, e.g. "S3.10"
    statement   the question; formulas are LaTeX between dollar signs
    derivation  paragraphs; one that starts and ends with two dollar signs is a formula of its own, and the steps of a
                chain stand in an align* environment
    erratum     where the printed answer is wrong or silent, and what is right; empty where it is right
    source      the problem, and the papers that the argument is from
    carried     pairs of a function below `genloom` and the test below `tests` that hold the claim in code
    check       what measures it
    """

    number: str
    title: str
    statement: str
    derivation: tuple[str, ...]
    check: Check
    erratum: str = ""
    source: str = ""
    carried: tuple[tuple[str, str], ...] = ()

    @property
    def deliverable(self) -> Deliverable:
        """The question as an item of a study: the derivation, then what the check found."""
        return Deliverable(self.number, self.title, self.statement, self._answer)

    @property
    def steps(self) -> tuple[str, ...]:
        """The derivation and, after it, the erratum."""
        said = (f"The printed answer. {self.erratum}",) if self.erratum else ()
        return (*self.derivation, *said)

    def _answer(self, context: "Context") -> Answer:
        found = self.check(context)
        return Answer(derivation=self.steps, text=found.text, figures=found.figures, tables=found.tables,
                      results=found.results, source=self.source)
