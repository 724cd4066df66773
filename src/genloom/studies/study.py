"""A study is a list of deliverables; a deliverable is a function that answers one question of the assignment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genloom.errors import UnknownName
from genloom.report.results import Figure, Item, Page, Result, Table

if TYPE_CHECKING:
    from genloom.studies.context import Context


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a deliverable has to say.

    text       paragraphs, and `derivation` those with formulas, as in `report.results.Item`
    formula    the equation that the item is about, and `source` where it is from
    missing    why there is nothing to show; empty for an item that is there
    """

    text: Sequence[str] = ()
    derivation: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()
    results: Sequence[Result] = ()
    formula: str = ""
    source: str = ""
    missing: str = ""


Work = Callable[["Context"], Answer]


@dataclass(frozen=True)
class Deliverable:
    """A numbered question and the function that answers it."""

    number: str
    title: str
    question: str
    work: Work

    def item(self, answer: Answer, seconds: float) -> Item:
        """The answer under its number."""
        return Item(number=self.number, title=self.title, question=self.question, text=tuple(answer.text),
                    derivation=tuple(answer.derivation), figures=tuple(answer.figures), tables=tuple(answer.tables),
                    results=tuple(answer.results), formula=answer.formula, source=answer.source, reason=answer.missing,
                    seconds=round(seconds, 3), status="missing" if answer.missing else "done")

    def missing(self, reason: str) -> Item:
        """The number with nothing under it."""
        return Item(number=self.number, title=self.title, question=self.question, status="missing", reason=reason)

    def failed(self, reason: str, seconds: float) -> Item:
        """The number with what went wrong."""
        return Item(number=self.number, title=self.title, question=self.question, status="failed", reason=reason,
                    seconds=round(seconds, 3))


def deliverable(number: str, title: str, *, question: str = "") -> Callable[[Work], Deliverable]:
    """Make a function of the context a deliverable.

    >>> @deliverable("S2.1", "The data", question="Draw the points.")
    ... def data(context):
    ...     return Answer(text=["2000 points."])
    >>> data.number, data.item(data.work(None), 0.0).text
    ('S2.1', ('2000 points.',))
    """
    return lambda work: Deliverable(number, title, question, work)


@dataclass(frozen=True, kw_only=True)
class Study:
    """An assignment's deliverables in the order of the report.

    data        what the study learns from and where that is from, the first line of its report; a function of the
                context where that depends on what is at hand
    expected    how long it takes, in words, by tier
    options     what this study alone can be asked for, as the defaults of a frozen dataclass that holds a dataclass for
                each group of flags; None for nothing. The registry names its class, so that flags need no torch.
    counted     how the count of its numbers reads on, as in `report.results.Page`
    """

    name: str
    title: str
    summary: str
    data: "str | Callable[[Context], str]"
    deliverables: tuple[Deliverable, ...]
    expected: Mapping[str, str] = field(default_factory=dict)
    options: Any = None
    counted: str = Page.counted

    def __post_init__(self) -> None:
        numbers = [each.number for each in self.deliverables]
        twice = sorted({number for number in numbers if numbers.count(number) > 1})
        if twice:
            raise ValueError(f"study {self.name}: the number {twice[0]} is given twice")

    def data_for(self, context: "Context") -> str:
        """What the study learns from, in words."""
        return self.data if isinstance(self.data, str) else self.data(context)

    def chosen(self, only: Sequence[str] | None) -> frozenset[str]:
        """The numbers to do: all of them, or those of `only`, with or without the letter and number of the assignment.

        Errors: `UnknownName` for a number that this study does not have.
        """
        numbers = [each.number for each in self.deliverables]
        if not only:
            return frozenset(numbers)
        prefix = numbers[0].partition(".")[0] if numbers else ""
        full = [word if word in numbers else f"{prefix}.{word}" for word in only]
        for word, number in zip(only, full, strict=True):
            if number not in numbers:
                raise UnknownName("only", word, numbers)
        return frozenset(full)
