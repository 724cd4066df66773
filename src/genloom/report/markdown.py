"""The numbers of a page as Markdown tables, for documents: no number is typed twice."""

from genloom.report import verdict
from genloom.report.numbers import known, measured
from genloom.report.results import Item, Page, Result

_HEADER = ("| measured | value | known answer | n | seeds | verdict |", "|---|---|---|---|---|---|")


def tables(page: Page) -> str:
    """A heading, the facts, the verdict on the whole page, and one table for each item that has numbers."""
    lines = [f"## {page.title}", "", *(f"- {name}: {text}" for name, text in page.facts), "", verdict.headline(page)]
    for item in page.items:
        if item.results:
            lines += ["", *_item(item)]
    return "\n".join(lines)


def _item(item: Item) -> list[str]:
    return [f"### {item.number} {item.title}", "", *_HEADER, *(_row(result) for result in item.results)]


def _row(result: Result) -> str:
    badge = verdict.result_badge(result)
    answer = f"{known(result)} ({result.known_name})" if result.known is not None else "—"
    said = f"{badge.sign} {badge.word}" + (f", {result.tolerance}" if result.tolerance else "")
    cells = (result.name, measured(result), answer,
             "—" if result.n is None else str(result.n), _seeds(result.seeds), said)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _seeds(seeds: tuple[int, ...]) -> str:
    if len(seeds) > 2 and seeds == tuple(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]}–{seeds[-1]}"
    return ", ".join(map(str, seeds)) or "—"
