"""Pictures beside real ones."""

import torch

from genloom.studies.iclevr import work
from genloom.studies.iclevr.beside import beside_real, cells, floor, header


def test_models_are_asked_for_what_the_kept_back_pictures_show_and_real_ones_are_nearer(tiny) -> None:
    model, real = work.gan(tiny), floor(tiny)
    found = beside_real(tiny, model)
    assert found is beside_real(tiny, model)
    assert found.scores.n == real.scores.n == 24
    assert torch.equal(found.pictures, model.draw(work.labels_of(work.pictures(tiny).kept)[:24], 3))
    assert torch.equal(real.pictures, work.pictures(tiny).kept.pictures[:24])
    assert real.scores.frechet < found.scores.frechet
    assert len(cells(real.scores)) == len(header(model)) == 3
