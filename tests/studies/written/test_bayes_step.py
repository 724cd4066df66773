"""S3.14."""

import torch

from genloom.studies.written.bayes_step import STEP, chain, posterior, quotient, sides, with_memory


def test_bayes_rule_turns_a_step_round(page) -> None:
    assert {result.status for result in page(STEP).results} == {"pass"}


def test_a_law_without_memory_needs_the_last_state_alone() -> None:
    for seed in range(5):
        law = chain(seed, states=3)
        torch.testing.assert_close(law.sum(), torch.tensor(1.0, dtype=torch.float64))
        found = sides(law)
        torch.testing.assert_close(found.conditional, found.memoryless, atol=1e-14, rtol=0)
        torch.testing.assert_close(found.conditional.sum(1), torch.ones(3, 3, dtype=torch.float64))


def test_a_law_with_memory_needs_the_start_in_its_last_step() -> None:
    for seed in range(5):
        found = sides(with_memory(seed))
        torch.testing.assert_close(found.conditional, found.general, atol=1e-14, rtol=0)
        assert float((found.conditional - found.memoryless).abs().max()) > 0.01


def test_the_quotient_of_densities_is_a_density() -> None:
    x = torch.linspace(-8, 8, 16_001, dtype=torch.float64)
    for t in (2, 20, 49):
        for density in (quotient(t, x, 0.3, -1.0), posterior(t, x, 0.3, -1.0)):
            assert abs(float(torch.trapezoid(density, x)) - 1) < 1e-9
