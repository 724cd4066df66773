"""S4.1 to S4.3: closed forms, by quadrature."""

import math

import pytest
import torch

from genloom.studies.written.gan_theory import BEST, VALUE, VANISHING, _searched


def test_the_search_finds_the_top_of_the_curve() -> None:
    a, b = torch.tensor([1.0, 1.0, 0.3]).double(), torch.tensor([1.0, 0.25, 0.9]).double()
    y = torch.linspace(0.0005, 0.9995, 1999, dtype=torch.float64)
    curve = a[:, None] * y.log() + b[:, None] * (1 - y).log()
    torch.testing.assert_close(_searched(a, b), y[curve.argmax(1)], rtol=0, atol=5e-4)


@pytest.mark.parametrize("question", [BEST, VALUE, VANISHING], ids=lambda question: question.number)
def test_every_number_holds(page, question) -> None:
    found = page(question)
    assert "genloom study gan-theory" in found.text[-1]


def test_the_printed_expression_is_shown_beside_the_right_one(page) -> None:
    same, far = page(VALUE).results[-2:]
    assert same.value == pytest.approx(0.5 - math.log(2), abs=1e-12)
    assert far.value == pytest.approx(1, abs=1e-6)
