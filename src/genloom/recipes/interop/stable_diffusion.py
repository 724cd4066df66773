"""Pictures from texts by diffusers' `StableDiffusionPipeline`; the `hub` extra."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from genloom.errors import DataError, InputError, MissingExtra
from genloom.recipes.interop.stable_diffusion_folder import CLASS, Found
from genloom.recipes.label_lists import weights_digest
from genloom.rng import generator

_SCHEDULERS = {"ddim": "DDIMScheduler", "dpmpp-2m": "DPMSolverMultistepScheduler"}
_NEEDS_GPU = ("offload", "least")
_NETWORKS = ("text_encoder", "unet", "vae")


@dataclass(frozen=True, kw_only=True)
class Loading:
    """How a pipeline is put into memory; see the study's options of the same names."""

    device: str = "auto"
    dtype: str = "auto"
    scheduler: str = "own"
    memory: str = "full"


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """How a picture is drawn.

    size   width and height in pixels; 0 is the model's own
    """

    steps: int = 30
    guidance: float = 7.5
    negative_prompt: str = ""
    size: int = 0


class Drawn(NamedTuple):
    """Pictures, uint8 (N, 3, H, W), and which of them the safety checker made black, bool (N,)."""

    pictures: Tensor
    blanked: Tensor


class Length(NamedTuple):
    """Tokens of a text with its two marks, how many the encoder reads, and the end of the text that it does not."""

    tokens: int
    limit: int
    cut: str


class TextToImage:
    """A loaded pipeline.

    digest      SHA-256 of the weights of text encoder, U-Net and decoder, in the numbers that they are used in
    parameters  of the same
    """

    def __init__(self, pipeline: Any, found: Found, loading: Loading) -> None:
        self._pipeline, self.found = pipeline, found
        networks = {name: getattr(pipeline, name) for name in _NETWORKS}
        self.digest = weights_digest(networks)
        self.parameters = {name: sum(p.numel() for p in network.parameters()) for name, network in networks.items()}
        self.device, self.dtype = _device(loading.device), str(pipeline.unet.dtype).removeprefix("torch.")
        _place(pipeline, self.device, loading.memory)

    @property
    def scheduler(self) -> str:
        """Name of the scheduler's class."""
        return type(self._pipeline.scheduler).__name__

    @property
    def settings(self) -> dict[str, Any]:
        """What the scheduler was told."""
        return {key: value for key, value in self._pipeline.scheduler.config.items() if not key.startswith("_")}

    @property
    def size(self) -> int:
        """The model's own width and height in pixels."""
        return int(self._pipeline.unet.config.sample_size * self._pipeline.vae_scale_factor)

    @property
    def checks(self) -> bool:
        """Whether a safety checker looks at the pictures, and makes black what it takes for unsafe."""
        return self._pipeline.safety_checker is not None

    def length(self, prompt: str) -> Length:
        """How much of a text is read."""
        tokenizer = self._pipeline.tokenizer
        ids = tokenizer(prompt, truncation=False, verbose=False).input_ids
        limit = int(tokenizer.model_max_length)
        cut = tokenizer.decode(ids[limit - 1 : -1]).strip() if len(ids) > limit else ""
        return Length(len(ids), limit, cut)

    def draw(self, prompts: Sequence[str], seeds: Sequence[int], drawing: Drawing | None = None,
             on_step: Callable[[int], None] | None = None) -> Drawn:
        """A picture of each prompt; its noise is a function of its seed alone, so no picture depends on its batch.

        on_step   is called with the number of steps that are done

        Errors: `InputError` for a size that is no multiple of the decoder's factor, or other numbers of both lists.
        """
        asked = drawing or Drawing()
        size = asked.size or self.size
        if size % self._pipeline.vae_scale_factor:
            raise InputError("size", size, f"a multiple of {self._pipeline.vae_scale_factor} for this model")
        if not prompts or len(prompts) != len(seeds):
            raise InputError("seeds", len(seeds), f"one for each of the prompts, {len(prompts)}, of which there is one")

        def step(_pipeline: Any, k: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            if on_step is not None:
                on_step(k + 1)
            return tensors

        with torch.no_grad():
            made = self._pipeline(
                prompt=list(prompts), negative_prompt=[asked.negative_prompt] * len(prompts), height=size, width=size,
                num_inference_steps=asked.steps, guidance_scale=asked.guidance, output_type="np",
                generator=[generator(seed) for seed in seeds], callback_on_step_end=step)
        found = getattr(made, "nsfw_content_detected", None)
        blanked = torch.tensor([bool(each) for each in found] if found is not None else [False] * len(prompts))
        pictures = torch.from_numpy(made.images).permute(0, 3, 1, 2)
        return Drawn((255 * pictures).round().clamp(0, 255).to(torch.uint8).contiguous(), blanked)


def require() -> None:
    """Refuse at once what would fail later.

    Errors: `MissingExtra` without diffusers and transformers.
    """
    _libraries()


def load(found: Found, loading: Loading | None = None) -> TextToImage:
    """The pipeline of a folder, without any download and without any code of the folder's own.

    Errors: `MissingExtra` without diffusers and transformers; `InputError` for a device or numbers that are not to be
    had; `DataError` where diffusers cannot read the folder.
    """
    asked = loading or Loading()
    diffusers = _libraries()
    dtype = _dtype(asked.dtype, _device(asked.device))
    _require_memory(asked.memory, _device(asked.device))
    optional = {} if found.checks else {"safety_checker": None, "requires_safety_checker": False}
    try:
        with _quiet():
            pipeline = getattr(diffusers, CLASS).from_pretrained(
                str(found.folder), variant=found.variant, use_safetensors=True, local_files_only=True,
                low_cpu_mem_usage=_has("accelerate"), **optional)
            pipeline.to(dtype=dtype)  # the argument of the call above changed its name between versions
    except Exception as error:  # of any kind: the files are a stranger's
        raise DataError(f"{found.place}: diffusers cannot load it: {_brief(error)}") from error
    pipeline.set_progress_bar_config(disable=True)
    if asked.scheduler != "own":
        kind = getattr(diffusers, _SCHEDULERS[asked.scheduler])
        # from the noisiest entry of the table on; what the config leaves out has the class's default
        pipeline.scheduler = kind.from_config(pipeline.scheduler.config, timestep_spacing="trailing")
    return TextToImage(pipeline, found, asked)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the libraries' progress bars and advice; their errors are raised all the same."""
    from diffusers.utils import logging as one
    from transformers.utils import logging as other

    before = [each.get_verbosity() for each in (one, other)]
    for each in (one, other):
        each.set_verbosity_error()
        each.disable_progress_bar()
    try:
        yield
    finally:
        for each, level in zip((one, other), before, strict=True):
            each.set_verbosity(level)
            each.enable_progress_bar()


def _place(pipeline: Any, device: str, memory: str) -> None:
    if memory != "full":
        pipeline.enable_attention_slicing()
        pipeline.vae.enable_slicing()
    if memory in ("tiled", *_NEEDS_GPU):
        pipeline.vae.enable_tiling()
    if memory == "offload":
        pipeline.enable_model_cpu_offload(device=device)
    elif memory == "least":
        pipeline.enable_sequential_cpu_offload(device=device)
    else:
        pipeline.to(device)


def _device(asked: str) -> str:
    there = torch.cuda.is_available()
    if asked == "cuda" and not there:
        raise InputError("device", asked, "cpu or auto: no GPU is to be found")
    return ("cuda" if there else "cpu") if asked == "auto" else asked


def _dtype(asked: str, device: str) -> torch.dtype:
    if asked == "float16" and device == "cpu":
        raise InputError("dtype", asked, "float32 or bfloat16 on a CPU")
    name = asked if asked != "auto" else "float16" if device == "cuda" else "float32"
    found: torch.dtype = getattr(torch, name)
    return found


def _require_memory(asked: str, device: str) -> None:
    if asked in _NEEDS_GPU and device == "cpu":
        raise InputError("memory", asked, "full, sliced or tiled on a CPU, where there is nothing to offload to")
    if asked in _NEEDS_GPU and not _has("accelerate"):
        raise InputError("memory", asked, "full, sliced or tiled without the package accelerate",
                         "pip install accelerate")


def _has(package: str) -> bool:
    from importlib.util import find_spec

    return find_spec(package) is not None


def _libraries() -> Any:
    for package in ("diffusers", "transformers"):
        if not _has(package):
            raise MissingExtra(package, "hub", "drawing from texts")
    import diffusers

    return diffusers


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
