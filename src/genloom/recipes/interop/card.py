"""The model card of an exported run: what it is, what it learned from, what was measured, how to use it, its limits."""

from dataclasses import replace

from genloom.data.sources import SOURCES
from genloom.errors import DataError
from genloom.nn.unet import UNet
from genloom.recipes import serial
from genloom.recipes.images import ImagesRecipe
from genloom.recipes.interop.imported import NAME
from genloom.report import numbers
from genloom.report.results import Page, read_results
from genloom.training.checkpoint import Loaded
from genloom.training.run import RunFolder

_HEAD = """---
library_name: diffusers
pipeline_tag: unconditional-image-generation
tags:
- genloom
- ddpm
---
"""

_PIPELINE = """```python
from diffusers import DDIMPipeline, DDPMPipeline

pipeline = DDPMPipeline.from_pretrained("PATH")  # or DDIMPipeline, for fewer steps
image = pipeline(num_inference_steps={steps}).images[0]
```"""

_CLASSES = """```python
import torch
from diffusers import DDPMScheduler, UNet2DModel

unet = UNet2DModel.from_pretrained("PATH", subfolder="unet")
scheduler = DDPMScheduler.from_pretrained("PATH", subfolder="scheduler")
x, labels = torch.randn(1, {channels}, {size}, {size}), torch.tensor([0])  # class 0; {classes} means "none"
for t in scheduler.timesteps:
    with torch.no_grad():
        x = scheduler.step(unet(x, t, class_labels=labels).sample, t, x).prev_sample
```

`DDPMPipeline` knows no classes and cannot draw from this model."""

_OWN = """```
genloom import PATH --out runs/imported
genloom sample runs/imported --sampler unipc --steps 20
```"""


def card(recipe: ImagesRecipe, network: UNet, run: RunFolder, loaded: Loaded, name: str) -> str:
    """The card as Markdown with the hub's heading; its numbers are those of the run's results.json.

    name   by which the reader will find the model: owner/name of the hub, or the folder
    """
    title = f"# {recipe.name}: {recipe.summary}"
    parameters = sum(p.numel() for p in network.parameters())
    weights = "exponential moving average of the weights" if loaded.averaged else "weights themselves"
    what = (f"A denoising diffusion model of {recipe.data.channels} × {recipe.data.size} × {recipe.data.size} pictures "
            f"in [−1, 1]: a U-Net of {parameters:,} parameters that predicts {_PREDICTED[recipe.diffusion.prediction]} "
            f"on the {recipe.schedule.kind} schedule of {recipe.schedule.steps} steps. These are the {weights} at "
            f"step {loaded.step:,} (checkpoint sha256 `{loaded.digest[:16]}`).")
    parts = [_HEAD + title, what, "## Data", _data(recipe), "## Training", _training(recipe), "## Measured",
             _measured(run, loaded), "## Use", _use(recipe, network).replace("PATH", name), "## Limits",
             _limits(recipe), "## Recipe", _recipe(recipe)]
    return "\n\n".join(parts) + "\n"


_PREDICTED = {"noise": "the noise", "velocity": "the velocity v = α ε − σ x0", "data": "the data"}


def _data(recipe: ImagesRecipe) -> str:
    data = recipe.data
    only = f" Of it, only the class `{data.category}`." if data.category else ""
    if recipe.name == NAME:
        return ("The weights were imported; what they were trained on is not known here. The recipe below names the "
                f"set that they were judged against ({data.folder or data.source}).")
    if data.folder:
        return f"A folder of pictures, `{data.folder}`.{only} Its licence is not known to genloom: state it here."
    known = SOURCES.get(data.source)
    if known is None:
        return f"`{data.source}`, which genloom makes.{only}"
    return f"`{known.name}`: {known.summary}.{only}\n\nLicence of the data: {known.licence}."


def _training(recipe: ImagesRecipe) -> str:
    engine, optimizer = recipe.engine, recipe.optimizer
    if recipe.name == NAME:
        return "Elsewhere; see where the weights are from."
    average = f"average of the weights with decay {engine.ema:g}" if engine.ema else "no average of the weights"
    return (f"{engine.steps:,} steps of {optimizer.name} with batches of {engine.batch_size} and learning rate "
            f"{optimizer.lr:g} ({optimizer.schedule}), {average}, seed {engine.seed}. Loss: "
            f"{recipe.diffusion.distance}, weight {recipe.diffusion.weight}.")


def _measured(run: RunFolder, loaded: Loaded) -> str:
    found = measured_numbers(run, loaded)
    return found if found == _NOTHING else f"{found} A distance named FD-… is not FID: its features are named with it."


_NOTHING = "Nothing was measured yet: `genloom evaluate RUN`, then export again."


def measured_numbers(run: RunFolder, loaded: Loaded) -> str:
    """The numbers of a run's results.json as a table, each beside its known answer, and of which checkpoint."""
    try:
        page = read_results(run.path / "results.json")
    except DataError:
        return _NOTHING
    found = [result for item in page.items for result in item.results]
    rows = [[result.name, numbers.measured(result), numbers.known(result), result.known_name, str(result.n or "")]
            for result in found]
    lines = ["| number | measured | known answer | which is | n |", "|---|---|---|---|---|",
             *("| " + " | ".join(map(_cell, row)) + " |" for row in rows)]
    return "\n".join([*lines, "", _of_which(page, loaded)])


def _of_which(page: Page, loaded: Loaded) -> str:
    """The checkpoint that was measured, which need not be the one that is exported."""
    measured = dict(page.facts).get("checkpoint", "not named")
    same = loaded.digest[:16] in measured
    return f"Measured on {'these weights' if same else f'another checkpoint ({measured})'}."


def _use(recipe: ImagesRecipe, network: UNet) -> str:
    shape = network.shape
    code = _CLASSES if shape.classes else _PIPELINE
    text = code.format(steps=recipe.schedule.steps, channels=shape.channels, size=shape.size, classes=shape.classes)
    return f"{text}\n\nOr, with every sampler of genloom:\n\n{_OWN}"


def _limits(recipe: ImagesRecipe) -> str:
    lines = [f"It draws {recipe.data.size} × {recipe.data.size} pictures like those it was trained on, and nothing "
             "else; what those leave out or get wrong, it does too.",
             "A model of few pictures can give back some of them nearly unchanged.",
             "The licence of these weights is for whoever publishes them to state; that of the data stays as it is."]
    return "\n".join(f"- {line}" for line in lines)


def _recipe(recipe: ImagesRecipe) -> str:
    """The recipe without its long tables, which stand in recipe.yaml."""
    shown = replace(recipe, schedule=replace(recipe.schedule, betas=()), network=replace(recipe.network, details=""))
    left_out = " and, which is left out here, its table of β or its architecture" * (shown != recipe)
    return f"`recipe.yaml` holds all of it{left_out}.\n\n```yaml\n{serial.to_yaml(shown).rstrip()}\n```"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
