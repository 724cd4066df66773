"""Inception is the network of the Fréchet distance: its names, its resizing and, for the same weights, its outputs."""

import math
import zlib

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load, save
from torch import Tensor, nn

from genloom.errors import InputError
from genloom.nn.inception import Inception, resized

# pytorch-fid's network (torchvision 0.16.2 with its patches) on clean-fid's resized pictures, in float64, with the
# weights and pictures of the formulas below; torch-fidelity's network gives the same to 4e-6
FEATURES = [[0.003073, 0.245751, 0.624229, 2.566027, 0.011879, 3.049205, 1.975016, 5.225903],
            [0.013435, 0.237688, 0.562063, 2.517314, 0.024629, 2.875091, 1.846832, 4.999357],
            [0.000000, 0.272308, 0.555126, 1.933845, 0.009193, 2.363611, 1.640180, 4.331474]]
NORMS = [103.688659, 99.385746, 81.207073]
LOGITS = [[5.116437, 2.308702, 0.065404, 2.070531], [4.878488, 2.244123, 0.612826, 2.065328],
          [4.077814, 1.603791, 0.018371, 1.910825]]
LOGITS_WITHOUT_BIAS = [[4.926685, 2.539230, 0.311603, 1.848309], [4.688735, 2.474651, 0.859025, 1.843106],
                       [3.888062, 1.834319, 0.264569, 1.688603]]


def numbers(name: str, shape: tuple[int, ...]) -> Tensor:
    """Numbers in (0, 1) that look random and depend on the name and the place alone."""
    h = (torch.arange(math.prod(shape)) + zlib.crc32(name.encode())) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = ((h ^ (h >> shift)) * factor) & 0xFFFFFFFF
    return (((h ^ (h >> 16)).double() + 0.5) / 2**32).reshape(shape)


def weights(network: nn.Module) -> dict[str, Tensor]:
    """Weights by a formula: variance 2 / fan-in, norms and variances around 1, biases and means around 0."""
    state = {}
    for name, value in network.state_dict().items():
        u = (numbers(name, tuple(value.shape)) - 0.5) * math.sqrt(12)
        if value.ndim > 1:
            state[name] = (u * math.sqrt(2 / math.prod(value.shape[1:]))).float()
        elif value.ndim:
            state[name] = (0.2 * u + (1 if name.endswith(("bn.weight", "running_var")) else 0)).float()
        else:
            state[name] = value
    return state


def pictures() -> Tensor:
    noise, dark = numbers("pictures", (3, 40, 40)), 0.3 * numbers("dark", (3, 40, 40))
    squares = numbers("squares", (3, 5, 5)).repeat_interleave(8, 1).repeat_interleave(8, 2)
    return (torch.stack((noise, dark, squares)) * 256).to(torch.uint8)


@pytest.fixture(scope="module")
def network() -> Inception:
    made = Inception()
    made.load_state_dict(weights(made))
    return made


def by_pillow(channel: Tensor) -> np.ndarray:
    picture = Image.fromarray(channel.numpy().astype(np.float32)).resize((299, 299), Image.Resampling.BICUBIC)
    assert picture.mode == "F"
    return np.asarray(picture).clip(0, 255)


def test_names_and_shapes_are_those_of_the_published_weights(network: Inception) -> None:
    shapes = {name: list(value.shape) for name, value in network.state_dict().items()}
    listed = "\n".join(f"{name} {shape}" for name, shape in sorted(shapes.items()))
    assert (len(shapes), zlib.crc32(listed.encode())) == (566, 2082931000)  # of pytorch-fid's fid_inception_v3()


def test_features_and_logits_are_those_of_an_independent_implementation(network: Inception) -> None:
    features = network(pictures())
    close = {"rtol": 0, "atol": 1e-5}
    torch.testing.assert_close(features[:, ::256], torch.tensor(FEATURES), **close)
    torch.testing.assert_close(features.norm(dim=1), torch.tensor(NORMS), rtol=0, atol=1e-4)
    torch.testing.assert_close(network.logits(features, bias=True)[:, ::252], torch.tensor(LOGITS), **close)
    torch.testing.assert_close(network.logits(features)[:, ::252], torch.tensor(LOGITS_WITHOUT_BIAS), **close)


@pytest.mark.parametrize("size", [(32, 32), (40, 51), (299, 299), (512, 300), (1, 7)])
def test_resizing_is_pillows_of_floating_pictures(size: tuple[int, int]) -> None:
    """To two units in the last place of 255: Pillow rounds between rows and columns, in an order of its own."""
    chosen = torch.randint(0, 256, (2, 3, *size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    expected = np.stack([[by_pillow(channel) for channel in picture] for picture in chosen])
    found = resized(chosen)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, torch.from_numpy(expected), rtol=0, atol=3.1e-5)


def test_resizing_overshoots_into_the_clip_and_rounds_nothing() -> None:
    edge = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    edge[..., 16:] = 255
    found = resized(edge)
    assert (found.min(), found.max()) == (0, 255)
    assert (found != found.round()).any()


def test_floating_pictures_and_grey_ones_are_the_same_pictures(network: Inception) -> None:
    grey = pictures()[:1, :1]
    assert torch.equal(resized(grey.float()), resized(grey))
    assert torch.equal(resized(grey), resized(grey.expand(-1, 3, -1, -1)))


def test_a_picture_does_not_depend_on_the_others(network: Inception) -> None:
    torch.testing.assert_close(network(pictures()[1:2]), network(pictures())[1:2], rtol=0, atol=2e-5)


def test_it_is_made_frozen_and_in_eval() -> None:
    made = Inception()
    assert not any(module.training for module in made.modules())
    assert not any(parameter.requires_grad for parameter in made.parameters())


def test_weights_go_through_a_file(network: Inception) -> None:
    other = Inception()
    other.load_state_dict(load(save(network.state_dict())))
    assert all(torch.equal(a, b) for a, b in zip(other.parameters(), network.parameters(), strict=True))


def test_weights_of_the_file_without_counters_load_strictly(network: Inception) -> None:
    """The counters of batch normalisation do nothing in eval; files that lost them with their metadata still load."""
    state = {name: value for name, value in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    Inception().load_state_dict(state)


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 4, 32, 32)])
def test_pictures_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"must be of shape \(B, 1 or 3, H, W\)"):
        resized(torch.zeros(shape))
