import pytest
import torch

from genloom.diffusion import schedule as schedules
from genloom.diffusion.times import TIME_LAWS, levels, lognormal, time_law
from genloom.errors import InputError, UnknownName
from genloom.rng import StepRng

U = torch.arange(100_000) / 100_000
EVERY = {"linear": schedules.linear(), "ve": schedules.exponential(), "edm": schedules.EDM(),
         "rectified": schedules.Rectified()}


@pytest.mark.parametrize("name", TIME_LAWS)
@pytest.mark.parametrize("schedule", EVERY.values(), ids=EVERY)
def test_times_are_float64_and_where_a_network_is_asked(name, schedule):
    if name == "table" and schedule.steps is None:
        with pytest.raises(InputError, match="table"):
            time_law(name, schedule)
        return
    t = time_law(name, schedule)(torch.cat([U, torch.tensor([0.0, 1 - 2.0**-24])]))
    assert t.dtype == torch.float64
    assert schedule.first <= t.min() <= t.max() <= 1


def test_uniform_is_uniform():
    t = time_law("uniform", schedules.exponential())(U)
    assert t.mean().item() == pytest.approx(0.5, abs=1e-4)
    assert t.var().item() == pytest.approx(1 / 12, abs=1e-4)


def test_every_entry_of_a_table_is_equally_likely():
    t = time_law("table", schedules.cosine(50))(U)
    values, counts = t.unique(return_counts=True)
    assert torch.allclose(values, torch.arange(1, 51).double() / 50)
    assert counts.min() > 1990


def test_levels_are_geometric_and_reach_both_ends():
    schedule = schedules.VarianceExploding(0.01, 0.3)
    t, counts = time_law("levels", schedule, count=10)(U).unique(return_counts=True)
    expected = 0.01 * 30 ** (torch.arange(10, dtype=torch.float64) / 9)
    assert torch.allclose(schedule.sigma(t), expected, rtol=1e-12)
    assert (counts - 10_000).abs().max() <= 1
    with pytest.raises(InputError, match="levels"):
        levels(schedule, 1)


def test_lognormal_has_edm_moments():
    schedule = schedules.EDM()
    log_sigma = schedule.sigma(lognormal(schedule)(U)).log()
    assert log_sigma.mean().item() == pytest.approx(-1.2, abs=0.01)
    assert log_sigma.std().item() == pytest.approx(1.2, abs=0.01)


def test_lognormal_has_the_moments_asked_for():
    schedule = schedules.EDM()
    log_sigma = schedule.sigma(time_law("lognormal", schedule, mean=0.5, std=0.7)(U)).log()
    assert log_sigma.mean().item() == pytest.approx(0.5, abs=0.01)
    assert log_sigma.std().item() == pytest.approx(0.7, abs=0.01)
    with pytest.raises(InputError, match=r"diffusion\.times_std = 0"):
        time_law("lognormal", schedule, std=0.0)


def test_logit_normal_has_its_quantiles():
    t = time_law("logit-normal", schedules.Rectified())(U)
    assert t.median().item() == pytest.approx(0.5, abs=1e-4)
    assert t.quantile(0.8413).item() == pytest.approx(torch.sigmoid(torch.tensor(1.0)).item(), abs=1e-3)


def test_draws_of_a_step_do_not_depend_on_the_number_of_processes():
    law = time_law("lognormal", schedules.exponential())
    whole = law(StepRng(0, 3).uniform((8,)))
    parts = [law(StepRng(0, 3, rank=rank, world=2).uniform((4,))) for rank in range(2)]
    assert torch.equal(whole, torch.cat(parts))


def test_unknown_law_gets_a_suggestion():
    with pytest.raises(UnknownName, match="lognormal"):
        time_law("log-normal", schedules.exponential())
