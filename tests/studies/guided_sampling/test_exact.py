"""On a mixture of Gaussians scale 1 is the conditional law, and above 1 nobody samples the tilted one."""

import pytest
import torch

from genloom.rng import generator
from genloom.studies.guided_sampling import exact


def test_every_statement_holds(tiny) -> None:
    results = exact.exact_results(exact.exact(tiny))
    assert len(results) == 12
    assert all(result.status in ("pass", "info") for result in results), [r for r in results if r.status == "fail"]


def test_the_clean_classifier_is_far_off_even_here(tiny) -> None:
    found = exact.exact(tiny)
    assert found.one["clean classifier, x̂0"] > 20 * found.floor.high


def test_rejection_samples_the_tilted_law() -> None:
    here, n = exact.oracle(), 4000
    drawn = exact.tilted(here, 3.0, n, 0)
    plain = here.with_labels(0).sample(200_000, generator(1))
    weight = (2 * here.log_posterior(plain, 0.0)[:, 0]).exp()
    known = (weight[:, None] * plain).sum(0) / weight.sum()
    assert torch.allclose(drawn.mean(0), known, atol=4 * float(drawn.std()) / n**0.5)
    assert len(drawn) == n


def test_scale_1_of_the_tilted_law_is_the_conditional() -> None:
    here = exact.oracle()
    assert exact.tilted(here, 1.0, 500, 3).mean(0) == pytest.approx(
        here.with_labels(0).sample(100_000, generator(2)).mean(0).tolist(), abs=0.15)
