"""S4.5: its check, with a model that was trained briefly; whatever the network, its flow has a density."""

from dataclasses import replace

import pytest

from genloom.studies.written.density import DENSITY, check_density


@pytest.fixture(scope="module")
def brief(context):
    context.item = DENSITY.number
    return check_density(context, steps=250, fresh=64, draws=4096)


def test_every_claim_holds_of_a_model_of_few_steps(brief):
    assert [result.name for result in brief.results if result.status != "pass"] == []
    assert len(brief.results) == 7


def test_formulas_figures_and_words_are_whole(brief, page):
    page(replace(DENSITY, check=lambda context: brief))


@pytest.mark.slow
def test_the_check_holds(page):
    page(DENSITY)
