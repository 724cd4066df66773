"""A page as Markdown."""

from genloom.report.markdown import tables
from genloom.report.results import Item, Page, Result


def test_every_number_stands_beside_its_known_answer() -> None:
    result = Result(name="a | b", value=0.82803, interval=(0.82723, 0.82883), known=0.8273, known_name="Bayes optimum",
                    n=1000, seeds=(0, 1, 2, 3), status="pass", tolerance="within .004")
    page = Page(title="T", kind="run", name="t", facts=(("data", "points"),), items=(
        Item(number="1", title="Loss", results=(result,)), Item(number="2", title="Nothing")))
    text = tables(page)
    assert "- data: points" in text
    assert "| a \\| b | 0.8280 ± 0.0008 | 0.8273 (Bayes optimum) | 1000 | 0–3 | ✓ agrees, within .004 |" in text
    assert "### 2" not in text
