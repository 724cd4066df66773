"""A small folder of diffusers, made without it."""

import json
from pathlib import Path

import torch

from genloom.nn.unet import UNet
from genloom.nn.unet_shape import UNetShape
from genloom.recipes.interop import diffusers_unet

SHAPE = UNetShape(size=16, width=16, multipliers=(1, 2), blocks=1, attention=(8,), groups=16, heads=1,
                  head_channels=16, time_features=16)


def folder_of(path: Path, shape: UNetShape = SHAPE) -> Path:
    """What diffusers writes for a small model of 40 steps."""
    import safetensors.torch

    for name, body in (("unet/config.json", diffusers_unet.config_of(shape)),
                       ("scheduler/scheduler_config.json", {"num_train_timesteps": 40, "beta_end": 0.3})):
        (path / name).parent.mkdir(parents=True)
        (path / name).write_text(json.dumps(body))
    torch.manual_seed(0)
    safetensors.torch.save_file(diffusers_unet.weights_of(UNet(shape).state_dict(), shape),
                                path / "unet" / "diffusion_pytorch_model.safetensors")
    return path
