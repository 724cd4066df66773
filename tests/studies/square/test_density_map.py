import torch

from genloom.studies.square.density_map import map_figure, points_figure
from genloom.studies.square.likelihoods import sampled_prior
from genloom.studies.square.runs import unconditional
from genloom.studies.square.setting import setting


def test_pictures_are_made(small_context, sizes):
    free = unconditional(small_context)
    rows = [("A", torch.zeros(2), None), ("B", torch.zeros(2), 0), ("C", torch.zeros(2), 4)]
    for figure in (points_figure(small_context, free, setting(small_context), rows),
                   map_figure(small_context, free, free.experiment, sampled_prior(free.experiment))):
        assert (small_context.folder / figure.path).stat().st_size > 5000
