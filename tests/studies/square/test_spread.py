import pytest
import torch

from genloom.studies.square.draws import square
from genloom.studies.square.spread import RULES, origin, posterior_spread, repeat, within_start


def test_the_posterior_of_much_noise_is_the_square_and_of_little_is_the_noise():
    assert posterior_spread(torch.zeros(1, 2), 100.0) == pytest.approx(3**-0.5, rel=1e-3)
    assert posterior_spread(torch.zeros(1, 2), 0.01) == pytest.approx(0.01, rel=1e-6)


def test_the_exact_denoiser_with_all_noise_draws_from_the_posterior(small_context):
    here = square(small_context)
    starts = here.start(6, 1)
    known = posterior_spread(starts, 1.0)
    for rule in RULES[2:]:
        ends = repeat(here, here.oracle, rule, starts, 300, 1)
        assert within_start(ends) == pytest.approx(known, abs=0.03)
        assert torch.allclose(ends.mean(1), here.oracle(starts, 1.0).x0, atol=0.15)


def test_without_noise_all_outputs_of_one_start_are_the_same(small_context):
    here = square(small_context)
    assert within_start(repeat(here, here.oracle, RULES[0], here.start(3, 1), 5, 1)) == 0
    half = within_start(repeat(here, here.oracle, RULES[1], here.start(3, 1), 100, 1))
    assert 0.1 < half < posterior_spread(here.start(3, 1), 1.0)


def test_the_variation_comes_from_the_first_steps(small_context):
    found = origin(square(small_context))
    exact = [split.exact for split in found.values()]
    assert exact == sorted(exact, reverse=True)
    for split in found.values():
        assert split.exact == pytest.approx(split.known, abs=0.03)
