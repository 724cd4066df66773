"""The classifier is small, judges each picture alone, learns, and says whether it knows the time."""

from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional as F

from genloom.errors import InputError
from genloom.nn.image_classifier import ClassifierShape, ImageClassifier

SIZES: dict[str, Any] = {"size": 8, "channels": 1, "width": 8, "multipliers": (1, 2), "classes": 3}


def made(*, timed: bool = False, **sizes: Any) -> ImageClassifier:
    """A classifier in which no layer is at 0."""
    torch.manual_seed(0)
    network = ImageClassifier(ClassifierShape(timed=timed, **{**SIZES, **sizes})).double()
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    return network


def inputs(timed: bool) -> tuple[Tensor, Tensor | None]:
    random = torch.Generator().manual_seed(1)
    x = torch.randn(5, 1, 8, 8, generator=random, dtype=torch.float64)
    return x, torch.tensor([0.0, 10, 500, 998, 999], dtype=torch.float64) if timed else None


@pytest.mark.parametrize("timed", [False, True])
def test_logits_are_the_head_of_the_features(timed: bool) -> None:
    network, (x, time) = made(timed=timed), inputs(timed)
    features = network.features(x, time)
    assert features.shape == (5, 16) == (5, network.shape.features)
    assert torch.equal(network(x, time), network.head(features))


@pytest.mark.parametrize("timed", [False, True])
def test_a_picture_does_not_depend_on_the_others(timed: bool) -> None:
    network, (x, time) = made(timed=timed), inputs(timed)
    alone = network(x[2:3], None if time is None else time[2:3])
    torch.testing.assert_close(alone, network(x, time)[2:3], rtol=0, atol=1e-12)


@pytest.mark.parametrize("timed", [False, True])
def test_the_gradient_reaches_each_parameter_and_the_picture(timed: bool) -> None:
    network, (x, time) = made(timed=timed), inputs(timed)
    x.requires_grad_()
    F.cross_entropy(network(x, time), torch.tensor([0, 1, 2, 0, 1])).backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []
    assert x.grad is not None
    assert (x.grad.abs().sum(dim=(1, 2, 3)) > 0).all()


@pytest.mark.parametrize("timed", [False, True])
def test_saving_and_loading_keep_the_function(timed: bool) -> None:
    network, (x, time) = made(timed=timed), inputs(timed)
    other = ImageClassifier(network.shape).double()
    other.load_state_dict(load(save(network.state_dict())))
    assert torch.equal(other(x, time), network(x, time))


def test_the_time_matters_and_can_be_shared() -> None:
    network, (x, _) = made(timed=True), inputs(True)
    late = torch.tensor([999.0], dtype=torch.float64)
    torch.testing.assert_close(network(x, late), network(x, late.expand(5)), rtol=0, atol=1e-12)
    assert not torch.allclose(network(x, late), network(x, 0 * late), atol=1e-3)


def test_a_time_that_is_missing_or_not_known_is_refused() -> None:
    x, time = inputs(True)
    with pytest.raises(InputError, match="time = None: must be a tensor of times"):
        made(timed=True)(x)
    with pytest.raises(InputError, match=r"time = \(5,\): must be None: this classifier was trained on clean"):
        made()(x, time)


@pytest.mark.parametrize(("timed", "expected"), [(False, 308_362), (True, 386_890)])
def test_parameters_at_width_32_for_grey_pictures(timed: bool, expected: int) -> None:
    network = ImageClassifier(ClassifierShape(size=28, channels=1, timed=timed))
    assert sum(p.numel() for p in network.parameters()) == expected
    assert network(torch.randn(2, 1, 28, 28), torch.zeros(1) if timed else None).shape == (2, 10)


def test_it_learns_the_digits_of_scikit_learn() -> None:
    """900 digits in 80 steps, more than 94 % of the 897 others right; the nearest mean of a class gets 87.5 %."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    x = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 8 - 1
    y = torch.tensor(digits.target)
    torch.manual_seed(0)
    network = ImageClassifier(ClassifierShape(size=8, channels=1, width=16, multipliers=(1, 2)))
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    for step in range(80):
        rows = torch.randperm(900, generator=torch.Generator().manual_seed(step))[:128]
        optimizer.zero_grad()
        F.cross_entropy(network(x[rows]), y[rows]).backward()
        optimizer.step()
    right = (network(x[900:]).argmax(dim=1) == y[900:]).float().mean().item()
    assert right > 0.94


@pytest.mark.parametrize(("wrong", "message"), [
    ({"classes": 1}, "network.classes = 1"), ({"width": 7}, "network.width = 7"),
    ({"multipliers": ()}, r"network.multipliers = \(\)"), ({"multipliers": (1, 0)}, r"network.multipliers = \(1, 0\)"),
    ({"multipliers": (1, 1, 1, 1)}, "fewer: the last level of a picture of 8 pixels"),
])
def test_shapes_that_cannot_be_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ClassifierShape(**{**SIZES, **wrong})
