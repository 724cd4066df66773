import torch

from genloom.metrics.energy import energy_distance
from genloom.rng import generator
from genloom.studies.square.class_analysis import compare, s2_18
from genloom.studies.square.class_samples import class_prior, draw
from genloom.studies.square.setting import setting


def test_the_item_is_whole(small_context, sizes, whole):
    answer = whole(small_context, s2_18)
    assert len(answer.tables) == 3
    assert len(answer.figures) == 2


def test_a_start_that_ignores_the_class_spoils_even_exact_samples(small_context):
    here = setting(small_context)
    labels = torch.full((400,), 1)
    oracle = here.experiment.oracle.with_labels(labels)
    fresh = oracle.sample(400, generator(0, 1))
    own = draw(here, oracle, class_prior(here, labels), 400, 2)
    blind = draw(here, oracle, class_prior(here, torch.full_like(labels, here.classes)), 400, 2)
    assert energy_distance(blind, fresh) > 0.02
    assert energy_distance(own, fresh) < 0.01


def test_the_exact_denoiser_has_no_errors_and_the_distances_are_those_outside(small_context, sizes):
    found = compare(setting(small_context), 0, 30)
    assert found.exact.accuracy.overall.value == 1
    boxes, points = setting(small_context).boxes, found.model.points
    inside = ((points >= boxes.low[found.labels]) & (points <= boxes.high[found.labels])).all(1)
    assert ((found.model.off == 0) == inside).all()
