"""The plain U-Net is minDiffusion's: its names, its shapes and, for the same weights, its outputs."""

import math
import zlib

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.naive_unet import NaiveUNet, NaiveUNetShape


def numbers(name: str, shape: tuple[int, ...]) -> Tensor:
    """Numbers in (0, 1) that look random and depend on the name and the place alone."""
    h = (torch.arange(math.prod(shape)) + zlib.crc32(name.encode())) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = ((h ^ (h >> shift)) * factor) & 0xFFFFFFFF
    return (((h ^ (h >> 16)).double() + 0.5) / 2**32).reshape(shape)


def weights(network: nn.Module) -> dict[str, Tensor]:
    """Weights by a formula: variance 2 / fan-in, norms around 1, biases around 0."""
    state = {}
    for name, value in network.state_dict().items():
        u = (numbers(name, tuple(value.shape)) - 0.5) * math.sqrt(12)
        if value.ndim > 1:
            state[name] = u * math.sqrt(2 / math.prod(value.shape[1:]))
        else:
            state[name] = 1 + 0.2 * u if name.endswith("weight") else 0.2 * u
    return state


def made(**sizes: int) -> NaiveUNet:
    network = NaiveUNet(NaiveUNetShape(**{"width": 8, **sizes})).double()
    network.load_state_dict(weights(network))
    return network


def inputs(size: int = 32) -> tuple[Tensor, Tensor]:
    return 4 * numbers("x", (2, 3, size, size)) - 2, torch.tensor([0.02, 0.98], dtype=torch.float64)


def test_names_and_shapes_are_those_of_the_original() -> None:
    shapes = {name: list(value.shape) for name, value in made().state_dict().items()}
    listed = "\n".join(f"{name} {shape}" for name, shape in sorted(shapes.items()))
    assert (len(shapes), zlib.crc32(listed.encode())) == (135, 3719626436)  # of NaiveUnet(3, 3, n_feat=8), 6c0abed


def test_outputs_are_those_of_the_original() -> None:
    """The numbers are the original code's, commit 6c0abed, in float64 with the same weights."""
    found = made()(*inputs())[:, :, ::16, 5].flatten()
    expected = [1.395908621, 0.95020748, 0.659086851, 1.18073591, -0.359634478, -2.839391481,
                -0.250737552, 1.077325122, 1.124372526, 0.447829489, -1.596358119, -0.53283978]
    torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float64), rtol=0, atol=2e-9)


def test_larger_pictures_and_other_channels() -> None:
    assert made(size=64, out_channels=6)(*inputs(64)).shape == (2, 6, 64, 64)


def test_the_gradient_reaches_each_parameter() -> None:
    network, (x, time) = made(classes=2), inputs()
    for labels in (torch.tensor([0, 1]), None):
        network(x, time, labels).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_a_sample_does_not_depend_on_the_others() -> None:
    network, (x, time) = made(), inputs()
    torch.testing.assert_close(network(x[1:], time[1:]), network(x, time)[1:], rtol=0, atol=1e-12)
    torch.testing.assert_close(network(x, time[:1]), network(x, time[:1].expand(2)), rtol=0, atol=1e-12)


def test_no_label_is_the_class_after_the_last() -> None:
    network, (x, time) = made(classes=3), inputs()
    torch.testing.assert_close(network(x, time), network(x, time, torch.tensor([3, 3])), rtol=0, atol=1e-12)
    assert not torch.allclose(network(x, time), network(x, time, torch.tensor([2, 2])))


def test_autocast_does_not_round_the_time() -> None:
    sine = made().float().timeembed
    seen: list[Tensor] = []
    sine.lin2.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.autocast("cpu", torch.bfloat16):
        sine(torch.tensor([0.999, 1.0]))
    expected = (torch.tensor([[0.999], [1.0]], dtype=torch.float64) * sine.lin1.weight[:, 0]).sin()
    torch.testing.assert_close(seen[0].double(), expected, rtol=0, atol=1e-6)


def test_saving_and_loading_keep_the_function() -> None:
    network, other = made(classes=2), NaiveUNet(NaiveUNetShape(width=8, classes=2)).double()
    other.load_state_dict(load(save(network.state_dict())))
    assert torch.equal(other(*inputs()), network(*inputs()))


@pytest.mark.parametrize(("wrong", "message"), [({"size": 28}, "data.size = 28"), ({"size": 48}, "data.size = 48"),
                                                ({"width": 12}, "network.width = 12")])
def test_shapes_that_cannot_be_are_refused(wrong: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        NaiveUNetShape(**wrong)
