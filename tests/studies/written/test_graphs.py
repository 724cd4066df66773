"""S3.3 and S3.5: graphs say what the networks do."""

import pytest
import torch

from genloom.studies.written.graphs import (
    COUNT,
    FACTOR_GRAPH,
    LANGUAGE_MODEL,
    PLACES,
    WORDS,
    bigrams,
    language_model,
)


def test_a_language_model_is_a_product_over_the_complete_graph() -> None:
    found = language_model(1)
    assert found.joint.shape == (WORDS,) * COUNT
    assert found.joint.sum().item() == pytest.approx(1, abs=1e-12)
    assert (found.moves.tril(-1)[found.moves.tril(-1) != 0] > 1e-3).all()
    assert (found.moves.tril(-1) > 0).sum() == COUNT * (COUNT - 1) / 2
    assert found.moves.triu().abs().max() < 1e-12


def test_bigrams_are_a_distribution_that_forgets() -> None:
    joint = bigrams(0)
    assert joint.sum().item() == pytest.approx(1, abs=1e-12)
    after = joint.sum((3, 4))
    after = after / after.sum(2, keepdim=True)
    torch.testing.assert_close(after, after[:1].expand(WORDS, -1, -1))


def test_both_graphs_state_what_holds(page) -> None:
    assert len(page(LANGUAGE_MODEL).results) == 7
    found = page(FACTOR_GRAPH)
    assert found.results[0].value == 2 * PLACES
    assert {result.status for result in found.results} == {"pass"}
