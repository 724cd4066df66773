"""Small models of other libraries, with weights that are far from their start, so that every one of them counts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

SMALL: dict[str, Any] = {
    "sample_size": 16, "block_out_channels": [16, 32], "layers_per_block": 1, "norm_num_groups": 8,
    "down_block_types": ["DownBlock2D", "AttnDownBlock2D"], "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
}
"""Configuration of a small UNet2DModel; what is left out has diffusers' default."""


def shaken(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network with random weights in every layer, also those that start at 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            scale = 1.0 if parameter.ndim == 1 else parameter[0].numel() ** -0.5
            middle = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            parameter.copy_(middle + 0.7 * scale * torch.randn(parameter.shape, generator=generator))
    return network.eval()


def diffusers_unet(**config: Any) -> nn.Module:
    """A `UNet2DModel` with shaken weights."""
    from diffusers import UNet2DModel

    return shaken(UNet2DModel(**config))


def write_folder(folder: Path, network: nn.Module, scheduler: Mapping[str, Any] | None = None) -> Path:
    """What `DDPMPipeline.save_pretrained` writes, as far as it is read."""
    import safetensors.torch

    for name, body in (("unet/config.json", {"_class_name": "UNet2DModel", **dict(network.config)}),  # type: ignore[arg-type, call-overload, dict-item]
                       ("scheduler/scheduler_config.json", {"_class_name": "DDPMScheduler", **(scheduler or {})})):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(body))
    safetensors.torch.save_file({k: v.contiguous() for k, v in network.state_dict().items()},
                                folder / "unet" / "diffusion_pytorch_model.safetensors")
    return folder
