"""The reference vectors were computed once by guided-diffusion's own UNetModel, from the same formula weights."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from genloom.errors import CheckpointError, InputError, InputErrors, UnknownName
from genloom.nn.unet import UNet
from genloom.recipes.interop import guided_diffusion as guided
from genloom.recipes.interop import mapping
from genloom.recipes.process import Schedule

SMALL: dict[str, Any] = {"image_size": 16, "num_channels": 32, "num_res_blocks": 1, "channel_mult": "1,2"}
NEW = guided.Flags(**SMALL, num_head_channels=16, attention_resolutions="8,16", class_cond=True, num_classes=5,
                   resblock_updown=True, use_new_attention_order=True, learn_sigma=True, noise_schedule="cosine")
LEGACY = guided.Flags(**SMALL, num_heads=2, attention_resolutions="8", use_scale_shift_norm=False)
NAMES = {"new": "2e554d06c8b060193dd863ff795ac95fc66d25189ac8d8d4053b84f1469c9552",
         "legacy": "0e63ad2f2b243c5ac01f70990330eb45644da4b90d41aa6ada50568367797b96"}
OUTPUTS = {
    "new": (0.16328, -0.17066, -0.8917, -0.16551, 0.71106, 0.09138, -0.08642, -0.41854, 1.37061, 0.37277, 0.43442,
            0.60664, -0.86274, -1.01972, 0.3455, -0.97032, -0.6427, 0.15272, 0.00632, -0.47539, 0.06356, -0.62888,
            -1.63869, -0.17076),
    "legacy": (-0.06098, -0.50865, -0.62126, 1.72501, 1.22884, -1.09829, -0.43078, -0.57085, -0.50551, -1.2646,
               -0.96604, 0.12627, 1.02206, -1.00132, -0.14586, 0.82382, -0.09665, 0.34052, 0.73321, 0.26824, -0.82057,
               -0.50516, -0.00024, -0.11269),
}


def formula(place: int, name: str, size: torch.Size) -> Tensor:
    """Weights that depend on the name's place in the sorted list alone; those of normalisations lie around 1."""
    j = torch.arange(size.numel(), dtype=torch.float64)
    middle = 1.0 if len(size) == 1 and name.endswith("weight") else 0.0
    return (middle + 0.1 * torch.sin(0.7 * j * j % 6.2 + place + 1.3 * j)).float().reshape(size)


def their_sizes(flags: guided.Flags) -> dict[str, torch.Size]:
    """Name and shape of each tensor of guided-diffusion's network."""
    shape = guided.shape_of(flags)
    sizes = {}
    for key, size in mapping.slots(shape).items():
        (name,) = mapping.names(key, guided.places(shape), guided._LAYERS)
        if name == "label_emb.weight":
            size = torch.Size((size[0] - 1, size[1]))
        elif name.startswith("out.2") and flags.learn_sigma:
            size = torch.Size((2 * size[0], *size[1:]))
        elif name.endswith(("qkv.weight", "proj_out.weight")):
            size = torch.Size((*size, 1))
        sizes[name] = size
    return dict(sorted(sizes.items()))


def weights_of(flags: guided.Flags) -> dict[str, Tensor]:
    return {name: formula(place, name, size) for place, (name, size) in enumerate(their_sizes(flags).items())}


@pytest.mark.parametrize(("name", "flags"), [("new", NEW), ("legacy", LEGACY)])
def test_names_and_shapes_are_those_of_the_published_code(name: str, flags: guided.Flags) -> None:
    lines = "\n".join(f"{key} {tuple(size)}" for key, size in their_sizes(flags).items())
    assert hashlib.sha256(lines.encode()).hexdigest() == NAMES[name]


@pytest.mark.parametrize(("name", "flags"), [("new", NEW), ("legacy", LEGACY)])
@torch.no_grad()
def test_the_outputs_are_those_of_the_published_code(name: str, flags: guided.Flags) -> None:
    shape = guided.shape_of(flags)
    network = UNet(shape).eval()
    network.load_state_dict(guided.state_of("it", weights_of(flags), flags, shape))
    x = torch.sin(torch.arange(2 * 3 * 256, dtype=torch.float64) * 0.37).float().reshape(2, 3, 16, 16)
    labels = torch.tensor([0, 4]) if flags.class_cond else None
    found = network(x, torch.tensor([3.0, 700.0]), labels)
    torch.testing.assert_close(found[:, :, 3::9, 5::9].flatten(), torch.tensor(OUTPUTS[name]), rtol=0, atol=2e-5)


def test_the_order_of_the_attention_matters() -> None:
    shape, weights = guided.shape_of(LEGACY), weights_of(LEGACY)
    other = guided.Flags(**{**vars(LEGACY), "use_new_attention_order": True})
    old, new = (guided.state_of("it", weights, flags, shape) for flags in (LEGACY, other))
    changed = [key for key in old if not torch.equal(old[key], new[key])]
    assert changed
    assert all("attention.qkv" in key for key in changed)


@pytest.mark.parametrize(("preset", "millions", "size"), [
    ("imagenet64", 295.9, 64), ("imagenet128", 421.5, 128), ("imagenet256", 553.8, 256),
    ("imagenet256-unconditional", 552.8, 256), ("imagenet512", 559.0, 512), ("lsun256", 552.8, 256)])
def test_the_presets_have_the_published_numbers_of_parameters(preset: str, millions: float, size: int) -> None:
    flags = guided.flags_of(preset)
    assert flags.image_size == size
    assert sum(each.numel() for each in their_sizes(flags).values()) / 1e6 == pytest.approx(millions, abs=0.06)


def test_the_process_is_that_of_the_flags() -> None:
    assert guided.schedule_of(guided.flags_of("imagenet64")) == Schedule(kind="cosine", steps=1000)
    assert guided.schedule_of(guided.flags_of("imagenet128")) == Schedule(kind="linear", steps=1000)
    assert guided.schedule_of(guided.Flags(diffusion_steps=4000)) == Schedule(kind="linear", steps=4000)


def test_flags_come_as_json_or_from_a_file(tmp_path: Path) -> None:
    text = json.dumps({"image_size": 16, "dropout": 0, "channel_mult": "1,2"})
    (tmp_path / "flags.json").write_text(text)
    expected = guided.Flags(image_size=16, dropout=0, channel_mult="1,2")
    assert guided.flags_of(text) == guided.flags_of(str(tmp_path / "flags.json")) == expected


@pytest.mark.parametrize(("text", "said"), [
    ("imagenet46", "did you mean 'imagenet64'"), ("{", "flags as JSON"),
    ('{"image_sise": 64}', "did you mean 'image_size'"),
    ('{"image_size": "64"}', "image_size"), ('{"class_cond": 1}', "class_cond"), ("nowhere.json", "readable file")])
def test_flags_that_are_none_are_refused(text: str, said: str) -> None:
    with pytest.raises((InputError, UnknownName), match=said):
        guided.flags_of(text)


@pytest.mark.parametrize("flags", [
    {"image_size": 48}, {"image_size": 0}, {"num_channels": 1 << 30}, {"attention_resolutions": "a"},
    {"channel_mult": "1,0"}, {"channel_mult": "1," * 20}, {"num_head_channels": 7}, {"dropout": 2.0},
    {"num_res_blocks": 10**9}])
def test_flags_that_cannot_be_are_refused(flags: dict[str, Any]) -> None:
    with pytest.raises((InputError, InputErrors)):
        guided.shape_of(guided.Flags(**flags))


def test_a_process_that_cannot_be_is_refused() -> None:
    with pytest.raises(UnknownName, match="noise_schedule"):
        guided.schedule_of(guided.Flags(noise_schedule="cosin"))
    with pytest.raises(InputError, match="rescale_timesteps"):
        guided.schedule_of(guided.Flags(rescale_timesteps=True, diffusion_steps=100))


def test_weights_of_other_flags_are_refused_by_name() -> None:
    shape = guided.shape_of(LEGACY)
    with pytest.raises(CheckpointError, match=r"it lacks|does not fit"):
        guided.state_of("it", weights_of(NEW), LEGACY, shape)
