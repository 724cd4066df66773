"""S3.10: its check, and what raising L_t finds."""

import pytest
import torch

from genloom.studies.written.elbo_steps import STEP, STEPS, fitted, printed_loss
from genloom.studies.written.gaussian_chain import exact_chain, example_data, standard

DATA = example_data()
CHAIN = exact_chain(DATA, end=standard(2))


def test_the_check_holds(page):
    page(STEPS)


def test_raising_the_term_on_draws_finds_the_reversal_of_the_noise():
    fit = fitted(CHAIN, DATA, 1 << 14, 3)
    assert fit.off < 4.5
    assert all(torch.allclose(found, known, atol=0.03) for found, known in zip(fit.kernel, CHAIN.backward[STEP],
                                                                               strict=True))


def test_a_forward_kernel_loses_its_divergence_from_the_reversal():
    laws, best = CHAIN.laws(DATA), CHAIN.backward[STEP]
    forward = CHAIN.forward[STEP - 1]
    assert printed_loss(CHAIN, DATA) == pytest.approx(float(best.divergence(forward, laws[STEP + 1])), abs=1e-12)
