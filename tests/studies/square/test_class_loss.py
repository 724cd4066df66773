import torch

from genloom.studies.square.class_loss import layers, loss_by_time
from genloom.studies.square.setting import setting


def test_losses_are_not_below_their_optima(small_context):
    curves = loss_by_time(setting(small_context), 1, points=200)
    assert (curves.told >= curves.best).all()
    assert (curves.hidden >= curves.blind).all()
    assert curves.times.dtype == torch.float64


def test_layers_name_the_mixing_layer(small_context):
    assert any("mixes point, time and class" in row for row in layers(setting(small_context)).rows)
