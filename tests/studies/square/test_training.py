import pytest
import torch

from genloom.diffusion.oracle.bayes import bayes_loss
from genloom.diffusion.oracle.boxes import BoxOracle
from genloom.diffusion.schedule import exponential
from genloom.studies.square.training import bayes_loss_at, bayes_loss_of, s2_2, s2_4


@pytest.mark.parametrize("item", [s2_2, s2_4], ids=lambda item: item.number)
def test_items_are_whole(small_context, effort, whole, item):
    answer = whole(small_context, item)
    assert all(result.known is not None for result in answer.results)


def test_the_table_of_layers_counts_every_parameter(small_context, effort):
    rows = s2_2.work(small_context).tables[0].rows
    counts = [int(row[2].replace(",", "")) for row in rows]
    assert sum(counts[:-1]) == counts[-1]


def test_quadrature_and_sobol_points_give_one_bayes_loss():
    oracle = BoxOracle(exponential(), torch.tensor([[-1.0, -1.0]]), torch.tensor([[1.0, 1.0]]))
    by_points = bayes_loss(oracle, 2**16)
    assert bayes_loss_of(exponential()) == pytest.approx(0.82732, abs=2e-5)
    assert by_points.value == pytest.approx(0.82732, abs=4 * by_points.stderr + 1e-4)


def test_the_bayes_loss_at_a_time_is_that_of_the_exact_denoiser():
    oracle = BoxOracle(exponential(), torch.tensor([[-1.0, -1.0]]), torch.tensor([[1.0, 1.0]]))
    random = torch.Generator().manual_seed(0)
    for t in (0.3, 0.7, 1.0):
        x0, eps = oracle.sample(40_000, random), torch.randn(40_000, 2, generator=random, dtype=torch.float64)
        loss = (oracle(x0 + oracle.schedule.level(t).sigma * eps, t).eps - eps).square().mean().item()
        assert loss == pytest.approx(bayes_loss_at(exponential(), torch.tensor([t])).item(), abs=0.012)


def test_the_bayes_loss_goes_to_one_where_there_is_no_noise_and_falls_with_noise():
    losses = bayes_loss_at(exponential(), torch.linspace(0, 1, 20))
    assert losses[0] > 0.99
    assert (losses.diff() < 0).all()
