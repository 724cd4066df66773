import math

import pytest
import torch

from genloom.errors import InputError
from genloom.metrics.inception_score import inception_score
from genloom.rng import generator

SURE = 1e4 * torch.eye(10)


def test_sure_and_even_is_the_number_of_classes() -> None:
    found = inception_score(SURE.repeat(20, 1), splits=4)
    assert found == pytest.approx((10, 0, 4, 200))


def test_one_answer_for_all_is_one() -> None:
    assert inception_score(SURE[:1].repeat(50, 1)).value == pytest.approx(1)
    assert inception_score(torch.zeros(50, 10)).value == pytest.approx(1)


def test_errors_that_are_even_cost_their_entropy() -> None:
    """p = 1 − e for the right class and e/(K − 1) for each other: exp(H(y) − H(y|x)) in closed form."""
    e = 0.3
    p = torch.full((10, 10), e / 9).fill_diagonal_(1 - e)
    expected = 10 * (1 - e) ** (1 - e) * (e / 9) ** e
    assert inception_score(p.log().repeat(5, 1), splits=5).value == pytest.approx(expected, rel=1e-6)


def test_splits_are_neighbours_in_order() -> None:
    """Halves with one class each score 1; both together 2."""
    logits = torch.cat((SURE[:1].repeat(30, 1), SURE[1:2].repeat(30, 1)))
    assert inception_score(logits, splits=2).value == pytest.approx(1)
    assert inception_score(logits, splits=1).value == pytest.approx(2)
    uneven = inception_score(logits, splits=4)
    assert uneven.spread == pytest.approx(0)
    mixed = inception_score(torch.cat((logits, logits)), splits=3)  # parts with 1, 2 and 1 classes: 40 = 30 + 10
    assert mixed.spread > 0.1


def test_it_is_the_exponential_of_the_mean_divergence() -> None:
    logits = torch.randn(40, 7, generator=generator(0)).double()
    p = logits.softmax(1)
    q = p.mean(0)
    expected = math.exp((p * (p / q).log()).sum(1).mean().item())
    assert inception_score(logits, splits=1).value == pytest.approx(expected, rel=1e-12)
    assert inception_score(logits + 100, splits=1).value == pytest.approx(expected, rel=1e-9)


def test_bad_input_is_refused() -> None:
    for splits in (0, 11):
        with pytest.raises(InputError, match="from 1 to 10"):
            inception_score(SURE, splits=splits)
    with pytest.raises(InputError, match="not finite"):
        inception_score(torch.full((3, 2), float("inf")))
