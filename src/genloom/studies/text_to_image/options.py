"""What this study alone can be asked for; free of torch, so that flags answer at once."""

from dataclasses import dataclass
from typing import Literal

Scheduler = Literal["own", "ddim", "dpmpp-2m"]
Memory = Literal["full", "sliced", "tiled", "offload", "least"]
Device = Literal["auto", "cpu", "cuda"]
Dtype = Literal["auto", "float32", "float16", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class SheetOptions:
    """The model, its prompts, and how pictures are drawn."""

    model: str = ""
    """A folder as diffusers saves a StableDiffusionPipeline, or owner/name of the hub, with @revision if you like."""
    prompts: str = ""
    """A file of prompts: YAML, JSON, JSON lines, or plain lines; without it those that come with genloom."""
    pictures: int = 1
    """Pictures of each prompt; the k-th ones of all prompts start from the same noise."""
    steps: int = 30
    """Steps from noise to picture."""
    guidance: float = 7.5
    """Scale of classifier-free guidance; 1 and below is none."""
    negative_prompt: str = ""
    """What guidance leads away from; empty is the empty text, as usual."""
    size: int = 0
    """Width and height in pixels, a multiple of 8; 0 is the model's own."""
    scheduler: Scheduler = "own"
    """The model's own one, or another one on the same table, with steps that start at its noisiest entry."""
    batch: int = 1
    """Pictures that are drawn at once."""
    device: Device = "auto"
    """auto takes a GPU where there is one."""
    dtype: Dtype = "auto"
    """Numbers of the networks; auto is float16 on a GPU and float32 on a CPU."""
    memory: Memory = "full"
    """Less memory, more time: sliced does attention and pictures in parts, tiled decodes in tiles too; on a GPU offload
    keeps one network at a time there, and least one layer."""
