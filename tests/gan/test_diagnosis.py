"""Each thing that goes wrong is found where it happens, in real runs too, and nothing is said of a healthy game."""

import io
import json
import math

import pytest
import torch
from gan_jobs import engine, game, playing
from torch import nn

from genloom.gan.diagnosis import Watch, diagnose, history
from genloom.gan.latent import Latent
from genloom.gan.losses import ADVERSARIAL
from genloom.gan.method import Playing
from genloom.gan.penalties import Penalty
from genloom.nn.gan.verdict import Verdict
from genloom.training.engine import Job, fit
from genloom.training.files import read_rows
from genloom.training.options import Optimizer
from genloom.training.run import RunFolder
from genloom.training.screen import Screen
from genloom.training.source import TensorSource

TIE = 2 * math.log(2)


def row(step, told=0.7, loss=1.2, real=0.5, fake=-0.5, **more):
    return {"step": step, "told_apart": told, "game/discriminator": loss, "logit_real": real, "logit_fake": fake,
            "lr/generator": 2e-4, "lr/discriminator": 4e-4, **more}


def rows(count=60, every=10, **how):
    """Rows of a log; a function is called with the step."""
    steps = range(every, every * (count + 1), every)
    return [row(step, **{name: value(step) if callable(value) else value for name, value in how.items()})
            for step in steps]


SURE = {"told": 0.999, "loss": 0.02}


def kinds(found):
    return [finding.kind for finding in found]


# ---- the discriminator wins


def test_a_healthy_game_is_left_alone():
    healthy = [*rows(), {"step": 600, "spread": 0.95, "modes": 10.0}]
    assert diagnose(healthy, TIE, modes=10) == ()
    assert diagnose([], TIE) == ()
    watch = Watch(TIE, modes=10)
    assert [said for each in healthy for said in watch(each)] == []


def test_a_discriminator_that_is_never_wrong_is_told_with_one_remedy():
    (finding,) = diagnose(rows(**SURE), TIE)
    assert finding.kind == "overpowered"
    assert finding.said == ("the discriminator is hardly ever wrong: since step 410 it tells 99 % of pairs apart and "
                            "its loss is 0.02, where telling nothing is 1.4; the generator learns little from it")
    assert finding.remedy == "penalise the discriminator's slope with --penalty.kind r1"


def test_one_that_has_a_penalty_learns_more_slowly():
    (finding,) = diagnose(rows(**SURE, penalty=0.1), TIE)
    assert finding.remedy == "lower the discriminator's learning rate with --discriminator.lr 0.0001"
    lazy = [each | {"penalty": 0.1} if each["step"] % 100 == 0 else each for each in rows(**SURE)]
    assert diagnose(lazy, TIE)[0].remedy == finding.remedy


@pytest.mark.parametrize("change", [
    {"told": 0.98}, {"loss": 0.08}, {"told": lambda step: 0.9 if step == 590 else 1.0},
    {"loss": lambda step: 1.0 if step == 420 else 0.01}, {"loss": math.nan}])
def test_it_takes_both_signs_in_every_row(change):
    assert diagnose(rows(**SURE | change), TIE) == ()


@pytest.mark.parametrize(("count", "every", "found"), [
    (19, 10, 0), (20, 10, 1), (20, 100, 1), (19, 100, 0), (20, 1, 1), (199, 1, 1)])
def test_it_takes_twenty_rows(count, every, found):
    assert len(diagnose(rows(count, every, **SURE), TIE)) == found


def test_it_takes_200_steps_where_there_are_as_many():
    late = rows(400, 1, told=0.999, loss=lambda step: 0.02 if step > 300 else 1.0)
    assert diagnose(late, TIE) == ()
    assert len(diagnose(rows(400, 1, told=0.999, loss=lambda step: 0.02 if step > 200 else 1.0), TIE)) == 1


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_a_tie_is_what_a_loss_is_measured_by_and_a_critics_has_none(name):
    tie = ADVERSARIAL[name].tie
    assert kinds(diagnose(rows(told=1.0, loss=0.04 * tie), tie)) == (["overpowered"] if tie > 0 else [])
    assert diagnose(rows(told=1.0, loss=0.06 * tie), tie) == ()
    assert diagnose(rows(told=1.0, loss=-20.0, real=900.0, fake=880.0), 0.0) == ()


# ---- samples are alike


@pytest.mark.parametrize(("evaluation", "signs"), [
    ({"spread": 0.12}, "their spread is 12 % of the data's"), ({"modes": 3.0}, "they show 3 of 10 modes"),
    ({"spread": 0.2, "modes": 1.0}, "their spread is 20 % of the data's and they show 1 of 10 modes")])
def test_samples_that_are_alike_are_told_by_spread_and_modes(evaluation, signs):
    (finding,) = diagnose([*rows(), {"step": 600, "FD-digits": 300.0, **evaluation}], TIE, modes=10)
    assert finding == ("collapse", f"samples are alike: at step 600 {signs}",
                       "penalise the discriminator's slope with --penalty.kind r1")
    (finding,) = diagnose([*rows(penalty=0.1), {"step": 600, **evaluation}], TIE, modes=10)
    assert finding.remedy == "lower the generator's learning rate with --generator.lr 5e-05"


@pytest.mark.parametrize("evaluation", [
    {"spread": 0.31}, {"modes": 5.0}, {"spread": None}, {"spread": math.nan, "modes": None}, {"FD-digits": 3.0}])
def test_enough_spread_half_of_the_modes_or_no_number_is_no_collapse(evaluation):
    assert diagnose([*rows(), {"step": 600, **evaluation}], TIE, modes=10) == ()


def test_the_last_evaluation_counts_and_none_of_an_untrained_generator():
    early, late = {"step": 100, "spread": 0.01}, {"step": 600, "spread": 0.9}
    assert diagnose([*rows(), early], TIE) == ()
    assert diagnose([late, {"step": 300, "spread": 0.1}, *rows()], TIE) == ()
    assert kinds(diagnose([{"step": 300, "spread": 0.9}, *rows(), late | {"spread": 0.1}], TIE)) == ["collapse"]


def test_where_nobody_counts_modes_few_are_not_told():
    assert diagnose([{"step": 600, "modes": 1.0}], TIE) == ()


# ---- logits without end


@pytest.mark.parametrize("change", [{"real": 150.0}, {"fake": -101.0}, {"real": -400.0, "fake": -400.0}])
def test_logits_beyond_100_are_a_divergence(change):
    (finding,) = diagnose(rows(**change), TIE)
    assert finding.kind == "divergence"
    size = max(abs(value) for value in change.values())
    assert finding.said == f"the discriminator diverges: its mean logits are now {size:.3g} in size"
    assert finding.remedy == "penalise the discriminator's slope with --penalty.kind r1"


def test_logits_that_grow_by_half_every_hundred_steps_are_told_before_that():
    growing = rows(real=lambda step: 1.3 * 1.006**step)
    assert 25 < growing[-1]["logit_real"] < 100
    assert kinds(diagnose(growing, TIE)) == ["divergence"]
    assert diagnose(rows(real=lambda step: 0.3 * 1.006**step), TIE) == (), "still small"
    assert diagnose(rows(real=lambda step: 1.003**step * 10), TIE) == (), "slow"
    assert diagnose(rows(real=lambda step: min(60.0, 1.02**step)), TIE) == (), "that came to an end"
    assert diagnose(rows(30, real=lambda step: 1.3 * 1.012**step), TIE) == (), "at the start of a run"


def test_of_a_critic_the_gap_counts_not_the_offset():
    assert diagnose(rows(real=5000.0, fake=4990.0), 0.0) == ()
    (finding,) = diagnose(rows(real=5000.0, fake=2000.0), 0.0)
    assert finding == ("divergence", "the discriminator diverges: its gap between real and fake is now 3e+03 in size",
                       "penalise the discriminator's slope with --penalty.kind unit-slope")


# ---- told once


def test_a_watch_says_each_finding_once_and_again_when_it_comes_back():
    sure = [(0, 400), (600, 1000), (1010, 1300)]  # the last gap is too short
    course = rows(150, told=0.999, loss=lambda step: 0.02 if any(a <= step <= b for a, b in sure) else 1.0)
    watch = Watch(TIE)
    said = [(each["step"], sentence) for each in course for sentence in watch(each)]
    assert [step for step, _ in said] == [200, 790]
    assert all("hardly ever wrong" in sentence and sentence.endswith("--penalty.kind r1") for _, sentence in said)
    assert [(step, finding.kind) for step, finding in history(reversed(course), TIE)] == \
        [(200, "overpowered"), (790, "overpowered")]


@pytest.mark.parametrize("every", [1, 10, 100, 500])
def test_what_lasts_is_said_once_at_any_interval_of_the_log(every):
    assert kinds(finding for _, finding in history(rows(1000, every, **SURE), TIE)) == ["overpowered"]


def test_several_findings_are_said_together_and_apart():
    watch = Watch(TIE, modes=10)
    said = [sentence for each in rows(**SURE, real=200.0) for sentence in watch(each)]
    assert [sentence.split()[2] for sentence in said] == ["is", "diverges:"]
    assert len(watch({"step": 600, "modes": 1.0})) == 1
    assert watch({"step": 610, "modes": 1.0}) == ()
    assert watch({"step": 1000, "modes": 9.0}) == ()
    assert len(watch({"step": 1400, "modes": 2.0})) == 1


def test_a_watch_keeps_few_rows():
    watch = Watch(TIE)
    for each in rows(3000, 1):
        watch(each)
    assert len(watch._log) <= 400


# ---- in real runs


def long():
    return engine(steps=400, log_every=10, save_every=400, ema=0.0)


def warnings(job, path):
    stream = io.StringIO()
    run = RunFolder.create(path, "name: test\n", ["test"], {})
    fit(job, run, screen=Screen("json", stream))
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [event["text"] for event in events if event["event"] == "warning"], read_rows(run.path / "metrics.jsonl")


@pytest.mark.parametrize(("name", "lr", "kind"), [
    ("non-saturating", 0.02, "overpowered"), ("hinge", 0.02, "overpowered"), ("wasserstein", 0.05, "divergence"),
    ("minimax", 0.02, "overpowered")])
def test_a_run_in_which_it_happens_warns_of_it_and_its_report_finds_the_same(tmp_path, name, lr, kind):
    chosen = ADVERSARIAL[name]
    job = game(long(), watch=Watch(chosen.tie),
               method=playing(game=chosen, critic_steps=1, penalty=Penalty()), rates=(lr, 1e-6), away=5.0)
    said, log = warnings(job, tmp_path / "run")
    found = [finding for _, finding in history(log, chosen.tie)]
    assert kinds(found) == [kind]
    assert said == [f"{finding.said}; {finding.remedy}" for finding in found]


def test_its_remedy_helps(tmp_path):
    """The same game with the penalty that was proposed."""
    chosen = ADVERSARIAL["non-saturating"]
    job = game(long(), watch=Watch(chosen.tie),
               method=playing(game=chosen, critic_steps=1, penalty=Penalty(kind="r1")), rates=(0.02, 1e-6), away=5.0)
    said, _ = warnings(job, tmp_path / "run")
    assert said == []


def test_a_healthy_run_is_not_warned(tmp_path):
    job = game(long(), watch=Watch(TIE), rates=(2e-3, 1e-3))
    said, _ = warnings(job, tmp_path / "run")
    assert said == []


class Points(nn.Module):
    """A generator of points in the plane."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, z, y=None):
        return self.layers(z)


class Judge(nn.Module):
    """A discriminator of points in the plane."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2),
                                    nn.Linear(64, 1))

    def forward(self, x, y=None):
        return Verdict(self.layers(x).squeeze(1))


@pytest.mark.slow
def test_a_generator_four_times_as_fast_collapses_and_the_remedy_helps(tmp_path):
    """Eight points in a ring: 0 of them are found, and then 8."""
    angle = torch.arange(8) * math.pi / 4
    ring = 2 * torch.stack((angle.cos(), angle.sin()), 1)
    draws = torch.Generator().manual_seed(0)
    data = TensorSource({"x": ring.repeat(500, 1) + 0.05 * torch.randn(4000, 2, generator=draws)})

    def judge(nets):
        with torch.no_grad():
            x = nets["generator"](torch.randn(1000, 8, generator=torch.Generator().manual_seed(3)))
        near = torch.cdist(x, ring).min(1)
        modes = (torch.bincount(near.indices[near.values < 0.15], minlength=8) > 10).sum()
        return {"spread": x.std(0).mean().item() / 2**0.5, "modes": modes.item()}

    found = []
    for kind in ("none", "r1"):
        torch.manual_seed(0)
        rates = {"generator": Optimizer(lr=2e-3, beta1=0.5), "discriminator": Optimizer(lr=5e-4, beta1=0.5)}
        job = Job(Playing(latent=Latent(size=8, law="normal"), penalty=Penalty(kind=kind)),
                  {"generator": Points(), "discriminator": Judge()}, rates, data,
                  engine(steps=1500, batch_size=128, log_every=10, save_every=1500, ema=0.0), judge=judge,
                  watch=Watch(TIE, modes=8))
        said, _ = warnings(job, tmp_path / kind)
        found.append((said, read_rows(tmp_path / kind / "evaluations.jsonl")[-1]["modes"]))
    assert found[0][1] <= 1
    assert any("samples are alike" in sentence and sentence.endswith("--penalty.kind r1") for sentence in found[0][0])
    assert found[1] == ([], 8)
