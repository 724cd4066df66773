from collections.abc import Callable

import pytest

from genloom.report.maths import with_maths
from genloom.studies.context import Context
from genloom.studies.written.proof import Checked, Written


@pytest.fixture(scope="module")
def context(tmp_path_factory) -> Context:
    return Context(folder=tmp_path_factory.mktemp("written"), study="written", seed=0)


@pytest.fixture(scope="module")
def page(context: Context) -> Callable[[Written], Checked]:
    """Runs a question's check: every verdict must be "pass", every figure there and every formula readable."""
    def checked(question: Written) -> Checked:
        context.item = question.number
        found = question.check(context)
        assert [result for result in found.results if result.status == "fail"] == []
        assert any(result.status == "pass" for result in found.results)
        for figure in found.figures:
            assert (context.folder / figure.path).stat().st_size > 1000
            assert figure.caption
            assert figure.alt
        assert all(len(row) == len(table.header) for table in found.tables for row in table.rows)
        for paragraph in (question.statement, *question.steps):
            formula = paragraph.startswith("$$") and paragraph.endswith("$$")
            with_maths(f"${paragraph[2:-2]}$" if formula else paragraph)
        assert not isinstance(found.text, str), "paragraphs, not one"
        assert not any("$" in paragraph for paragraph in found.text)
        return found

    return checked
