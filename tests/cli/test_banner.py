"""The banner: at most 15 lines, and timing that leaves nothing behind."""

from dataclasses import replace
from pathlib import Path

import torch

from genloom.cli import banner
from genloom.recipes import build, recipe

SMALL = replace(recipe("ve-square"), data=replace(recipe("ve-square").data, count=32))


def test_it_says_what_differs_and_where_it_goes() -> None:
    changed = replace(SMALL, engine=replace(SMALL.engine, steps=7))
    experiment = build(changed)
    said = dict(banner.lines(experiment, recipe("ve-square"), Path("runs/a"), experiment.job()))
    assert said["changed"] == "data.count 32 (was 3000), engine.steps 7 (was 3000)"
    assert said["folder"] == "runs/a"
    assert "for 7 steps" in said["time"]
    assert said["data"]
    assert said["device"]


def test_it_has_at_most_fifteen_lines_whatever_differs() -> None:
    other = recipe("score-letters")
    experiment = build(SMALL)
    assert len(banner.lines(experiment, other, Path("runs/a"), experiment.job())) < 15
    same = banner.lines(experiment, SMALL, Path("a"), experiment.job())
    assert same[0] == ("changed", "nothing: the recipe as it is")


def test_timing_changes_neither_weights_nor_random_state() -> None:
    job = build(SMALL).job()
    before = [p.clone() for p in job.networks["denoiser"].parameters()]
    state = torch.get_rng_state()
    assert banner.seconds_per_step(job) > 0
    assert torch.equal(state, torch.get_rng_state())
    for p, old in zip(job.networks["denoiser"].parameters(), before, strict=True):
        assert torch.equal(p, old)
        assert p.grad is None
