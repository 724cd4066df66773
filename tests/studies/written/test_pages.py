"""Pages from written questions."""

from pathlib import Path

import pytest

from genloom.errors import DataError
from genloom.studies.written import pages
from genloom.studies.written.pages import TOPICS, markdown
from genloom.studies.written.proof import Checked, Written


def question(number: str, **fields) -> Written:
    return Written(number=number, title="A sum", statement="What is $1 + 1$?", source="problem 1",
                   derivation=("Count.", "$$1 + 1 = 2$$"), check=lambda context: Checked(results=()), **fields)


def test_a_question_is_on_one_page_with_all_that_it_says() -> None:
    carried = (("gan.oracle.value", "gan/test_x.py::test"),)
    made = pages.pages([question("S4.1", erratum="It says $3$.", carried=carried)])
    (text,) = made.values()
    assert list(made) == ["games.md"]
    for part in ("## S4.1 A sum", "[S4.1 A sum](#s41-a-sum)", "**Asked.** What is $`1 + 1`$?",
                 "```math\n1 + 1 = 2\n```", "**The printed answer.** It says $`3`$.", "Source: problem 1.",
                 "--only S4.1`", "| `gan.oracle.value` | `gan/test_x.py::test` |"):
        assert part in text


def test_no_number_has_two_places() -> None:
    numbers = [number for topic in TOPICS for number in topic.numbers]
    assert len(set(numbers)) == len(numbers) == 31


def test_a_question_without_a_page_is_said() -> None:
    with pytest.raises(DataError, match=r"S9\.1: on no theory page"):
        pages.pages([question("S9.1")])


def test_what_markdown_would_read_is_kept_from_it() -> None:
    assert markdown("a * b_c | d, $x_1*y$") == r"a \* b\_c \| d, $`x_1*y`$"


def test_pages_are_written_into_a_folder(tmp_path: Path) -> None:
    written = pages.write(tmp_path / "theory")
    assert {path.name: path.read_text("utf-8") for path in written} == pages.pages()
