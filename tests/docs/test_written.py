"""The theory pages are what the written questions give, and the theory page leads to them."""

import re
from pathlib import Path

import pytest

from genloom.studies.written.pages import pages

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "theory"
PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_questions_give(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == PAGES[name], "run `make theory`"


def test_there_is_no_other_page() -> None:
    assert {path.name for path in FOLDER.glob("*.md")} == set(PAGES), "run `make theory`"


def test_the_theory_page_leads_to_each() -> None:
    linked = set(re.findall(r"\]\(theory/([\w.-]+)\)", (ROOT / "docs" / "theory.md").read_text("utf-8")))
    assert linked == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_links_inside_a_page_lead_to_a_heading(name: str) -> None:
    headings = re.findall(r"^## (.*)$", PAGES[name], flags=re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#(.*?)\)", PAGES[name])) == anchors
    assert len(anchors) == len(headings)


@pytest.mark.parametrize("name", PAGES)
def test_formulas_stand_in_fences_and_code(name: str) -> None:
    text = re.sub(r"```math\n.*?\n```", "", PAGES[name], flags=re.DOTALL)
    assert "$$" not in text
    assert len(re.findall(r"\$`[^`]+`\$", text)) * 2 == text.count("$")
