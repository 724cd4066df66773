"""Errors at each noise level, beside the best linear denoiser's."""

import pytest
import torch

from genloom.studies.iclevr import work
from genloom.studies.iclevr.ablation import own, rows
from genloom.studies.iclevr.by_level import RATIOS, errors, kept, levels, linear_errors, relative


def test_levels_have_the_ratios_whatever_the_schedule(tiny) -> None:
    for each in rows(tiny, "schedule"):
        found = [float(level.sigma) / float(level.alpha) for level in levels(each.run.experiment)]
        assert found == pytest.approx(RATIOS, rel=1e-6)


def test_errors_are_those_of_x0_and_the_linear_denoiser_s_fall_with_the_noise(tiny) -> None:
    known, found = linear_errors(tiny, own(tiny).run.experiment), own(tiny)
    assert list(known[:9]) == sorted(known[:9]), "more noise, more error, until hardly any signal is left"
    there = kept(found.run.experiment)
    spread = float(there.x0.double().var())
    assert known[-1] < spread
    assert found.errors == errors(tiny, found.run)
    assert torch.equal(there.sets, work.labels_of(work.pictures(tiny).kept)[: len(there.x0)])


def test_relative_errors_are_of_roots_and_equal_ones_are_1() -> None:
    known = (1.0, 4.0, 9.0)
    assert relative(known, known) == 1
    assert relative((4.0, 16.0, 36.0), known) == pytest.approx(2)
    assert relative((4.0, 4.0, 9.0), known, slice(1, 3)) == 1
