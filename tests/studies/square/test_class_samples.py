import pytest
import torch

from genloom.metrics.region import region_accuracy
from genloom.rng import SampleNoise
from genloom.studies.square.class_samples import class_prior, draw, place, s2_16, s2_17
from genloom.studies.square.setting import setting


@pytest.mark.parametrize("item", [s2_16, s2_17], ids=lambda item: item.number)
def test_items_are_whole(small_context, sizes, whole, item):
    answer = whole(small_context, item)
    assert answer.results[0].status in ("pass", "fail")


def test_the_exact_denoiser_brings_every_sample_into_its_region(small_context):
    here = setting(small_context)
    labels = torch.arange(5).repeat_interleave(40)
    points = draw(here, here.experiment.oracle.with_labels(labels), class_prior(here, labels), 200, 1)
    boxes = here.boxes
    assert region_accuracy(points, labels, boxes.low, boxes.high, boxes.labels).overall.value == 1


def test_the_start_of_a_class_has_the_mean_of_its_points(small_context):
    here = setting(small_context)
    x = class_prior(here, torch.full((4000,), 1)).sample(SampleNoise(0, 4000, (2,)))
    own = here.experiment.data.points[here.experiment.data.labels == 1].mean(0)
    assert (x.mean(0) - own).abs().max() < 4 * 1.1 / 4000**0.5


def test_points_read_well():
    assert place(torch.tensor([4.0, -5.5])) == "(4.00, −5.50)"
