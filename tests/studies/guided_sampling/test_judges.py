"""No guide judges itself, and real pictures are to real pictures what they should be."""

import math

import pytest
import torch

from genloom.studies.guided_sampling import judges
from genloom.studies.guided_sampling.work import digits


def test_the_two_judges_are_two(tiny) -> None:
    clean, noisy = judges.clean_judge(tiny), judges.noisy_judge(tiny)
    assert clean.classifier.process is None
    assert noisy.classifier.process is not None
    assert (clean.distance, noisy.distance) == ("FD-pixels", "FD-digits-noisy")


def test_both_know_real_digits(tiny) -> None:
    whole = judges.kept(digits(tiny))
    assert judges.clean_judge(tiny).agrees(whole.pictures, whole.labels).low > 0.6
    assert judges.noisy_judge(tiny).agrees(whole.pictures, whole.labels).low > 0.4


def test_kept_pictures_keep_their_classes(tiny) -> None:
    here, whole = digits(tiny), judges.kept(digits(tiny))
    first = next(k for k, each in enumerate(here.experiment.kept.pictures) if torch.equal(each, whole.pictures[0]))
    assert here.experiment.kept.labels[first] == whole.labels[0]


def test_real_sets_are_disjoint_and_as_large_as_asked(tiny) -> None:
    found = judges.real(tiny, judges.clean_judge(tiny), 40)
    assert {each.scores.n for each in found.sets} == {40}
    assert len(found.sets) == len(judges.kept(digits(tiny)).labels) // 40
    assert found.agreement.n == 40 * len(found.sets)


def test_diversity_of_the_same_pictures_is_1_and_of_copies_0(tiny) -> None:
    judge, whole, known = judges.clean_judge(tiny), judges.kept(digits(tiny)), judges.real_distances(
        tiny, judges.clean_judge(tiny))
    assert judges.diversity(judge, whole.pictures, whole.labels, known).value == pytest.approx(1)
    copies = torch.stack([whole.pictures[whole.labels == k][0] for k in range(10)]).repeat(3, 1, 1, 1)
    assert judges.diversity(judge, copies, torch.arange(10).repeat(3), known).value == pytest.approx(0, abs=1e-6)


def test_a_class_of_one_picture_has_no_distance(tiny) -> None:
    judge = judges.clean_judge(tiny)
    pictures = judges.kept(digits(tiny)).pictures[:3]
    found = judges.pair_distances(judge, pictures, torch.tensor([0, 0, 1]), 3)
    assert found[0] > 0
    assert math.isnan(found[1])
    assert math.isnan(found[2])
