"""The parts of an image recipe are those that its names say."""

import typing
from pathlib import Path

import pytest
import torch
from PIL import Image

from genloom.errors import InputError
from genloom.nn.dit import DiT
from genloom.nn.naive_unet import NaiveUNet
from genloom.nn.unet import UNet
from genloom.recipes.images import Data, Network, Sampling
from genloom.recipes.images_parts import details, make_data, make_levels, make_network
from genloom.recipes.process import Diffusion, Schedule
from genloom.recipes.process_parts import make_schedule


@pytest.mark.parametrize(("kind", "made"), [("unet", UNet), ("dit", DiT), ("naive-unet", NaiveUNet)])
def test_every_kind_of_network_is_made_and_is_a_function_of_the_seed(kind: str, made: type) -> None:
    assert kind in typing.get_args(typing.get_type_hints(Network)["kind"])
    config = Network(kind=kind, width=32, multipliers=(1, 2), blocks=1, attention=())  # type: ignore[arg-type]
    first, same, other = (make_network(config, size=32, channels=3, classes=0, seed=seed) for seed in (0, 0, 1))
    assert isinstance(first, made)
    weights = [torch.cat([p.flatten() for p in network.parameters()]) for network in (first, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_set_with_a_test_part_is_judged_by_it_and_others_keep_a_share_back() -> None:
    train, kept = make_data(Data(source="digits", size=8, channels=1, zoom=1.0))
    assert len(train.pictures) + len(kept.pictures) == 1797
    again = make_data(Data(source="digits", size=8, channels=1, zoom=1.0, holdout=0.5))
    assert len(again.kept.pictures) == len(kept.pictures), "the test part, whatever the share"


@pytest.mark.parametrize("source", ["shapes", "folder"])
def test_no_kept_picture_is_trained_on(source: str, tmp_path: Path) -> None:
    if source == "folder":
        for k in range(30):
            Image.new("RGB", (16, 16), (8 * k, 255 - 8 * k, 0)).save(tmp_path / f"{k}.png")
    folder = str(tmp_path) if source == "folder" else ""
    train, kept = make_data(Data(source="shapes", folder=folder, size=8, holdout=0.2))
    own = {picture.numpy().tobytes() for picture in train.pictures}
    assert not own & {picture.numpy().tobytes() for picture in kept.pictures}
    if source == "folder":
        assert (len(train), len(kept)) == (24, 6)


def test_zero_steps_are_the_whole_table() -> None:
    schedule = make_schedule(Schedule(kind="cosine", steps=50))
    assert len(make_levels(Sampling(), Diffusion(), schedule)) == 51
    assert len(make_levels(Sampling(steps=7), Diffusion(), schedule)) == 8
    assert len(make_levels(Sampling(), Diffusion(), make_schedule(Schedule(kind="rectified")))) == 101


def test_details_take_the_place_of_the_plain_fields() -> None:
    config = Network(width=16, details='{"width": 8, "multipliers": [1, 2], "attention": [], "cosine_first": true}')
    network = make_network(config, size=8, channels=1, classes=0, seed=0)
    assert isinstance(network, UNet)
    assert network.shape.width == 8
    assert network.shape.multipliers == (1, 2)


@pytest.mark.parametrize("text", ["{", "[1]", '{"size_of_hat": 3}', "3"])
def test_details_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"network\.details"):
        details(text)


@pytest.mark.parametrize(("width", "groups"), [(16, 8), (24, 8), (32, 16), (64, 32), (128, 32), (6, 2)])
def test_groups_divide_every_level_and_hold_two_channels(width: int, groups: int) -> None:
    network = make_network(Network(width=width, multipliers=(1, 2), blocks=1, attention=(), heads=1), size=8,
                           channels=3, classes=0, seed=0)
    assert isinstance(network, UNet)
    assert network.shape.groups == groups
