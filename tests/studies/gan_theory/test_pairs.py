"""What is said of the pairs is so."""

import math

import pytest
import torch

from genloom.gan.oracle import best_logit, best_value
from genloom.rng import generator
from genloom.studies.gan_theory.pairs import LINE, PLANE, STEPS_AT, alike, pair, shifted


@pytest.mark.parametrize("name", [*LINE, *PLANE])
def test_both_densities_are_integrated_to_one_and_draws_are_theirs(name: str) -> None:
    """The mean of D* over draws is its integral; 20,000 draws have a standard error below .004."""
    here = pair(name)
    table = here.table  # refuses what does not sum to 1
    best = best_logit(table.log_p, table.log_q).sigmoid()
    for side, share in zip((here.p, here.q), table.shares, strict=True):
        drawn = side.sample(20_000, generator(0))[0]
        at = best_logit(here.p.log_density(drawn), here.q.log_density(drawn)).sigmoid()
        assert at.mean().item() == pytest.approx(float(share @ best), abs=0.016)


def test_values_that_can_be_written_down() -> None:
    assert best_value(pair("steps").table) == pytest.approx(-4 / 3 * math.log(2), abs=1e-12)
    assert best_value(pair("checkerboard").table) == pytest.approx(math.log(2 / 3) - math.log(3) / 2, abs=1e-12)
    assert best_value(alike().table) == best_value(shifted(0.0).table) == pytest.approx(-math.log(4), abs=1e-12)


def test_the_jumps_of_the_steps_are_where_they_are_said_to_be() -> None:
    here = pair("steps")
    for x, left, right in STEPS_AT:
        at = torch.tensor([[x - 1e-6], [x + 1e-6]], dtype=torch.float64)
        best = best_logit(here.p.log_density(at), here.q.log_density(at)).sigmoid()
        assert best.tolist() == [left, right]
