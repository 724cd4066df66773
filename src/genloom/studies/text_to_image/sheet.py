"""What the items on the pipeline share: the prompts, the model, and the pictures, drawn once."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from genloom.recipes.interop import stable_diffusion_folder as places
from genloom.recipes.interop.hub import NotFetched
from genloom.recipes.interop.stable_diffusion import Drawing, Length, Loading, TextToImage, load, require
from genloom.studies import at_hand
from genloom.studies.context import Context
from genloom.studies.text_to_image.drawing import Picture, Session, drawn, wanted
from genloom.studies.text_to_image.options import SheetOptions
from genloom.studies.text_to_image.prompts import Sheet, curated, read_prompts

HUB = "stable-diffusion-v1-5/stable-diffusion-v1-5"
"""Stable Diffusion v1.5 on the hub, in the layout that is read here."""
MISSING = ("No text-to-image model was named, and none comes with genloom: the weights of Stable Diffusion v1.5 have "
           "some 4 GB in single precision, and its safety checker 1 GB. With a connection to the hub of Hugging Face "
           f"`--model {HUB}` fetches them, once. Without one, fetch the folder "
           "where there is a connection (`hf download NAME --local-dir FOLDER`), copy it here, and pass `--model "
           "FOLDER`. Both need `pip install 'genloom[hub]'`.")
"""What is said where no model was named."""


class Drawings(NamedTuple):
    """A model's pictures of all prompts.

    lengths   how much of each prompt the model's text encoder reads
    """

    model: TextToImage
    drawing: Drawing
    pictures: tuple[Picture, ...]
    lengths: tuple[Length, ...]

    def of(self, place: int) -> list[Picture]:
        """Those of one prompt."""
        return [each for each in self.pictures if each.place == place]


def options(context: Context) -> SheetOptions:
    """What was asked for."""
    return context.options if isinstance(context.options, SheetOptions) else SheetOptions()


def sheet(context: Context) -> Sheet:
    """The prompts that were asked for, or those that come with genloom.

    Errors: `DataError` for a file that is no file of prompts.
    """
    place = options(context).prompts
    return read_prompts(Path(place)) if place else curated()


def said(context: Context) -> str:
    """The prompts, the model and the scenes, in words, with what changes when they do.

    Errors: those of `sheet`; `MissingExtra`, `InputError` or `DataError` where the model cannot be one.
    """
    asked, prompts = options(context), sheet(context)
    where = Path(asked.prompts).name if asked.prompts else "genloom"
    model = "no text-to-image model was named"
    if asked.model:
        require()
        places.require(asked.model)
        known = "the hub" if places.on_the_hub(asked.model) else places.local(asked.model).fingerprint[:12]
        model = f"the model {Path(asked.model).name if known != 'the hub' else asked.model}, {known}"
    return (f"{len(prompts)} prompts of {where}, sha256 {prompts.digest[:12]}; {model}; for the measured part "
            f"{at_hand.iclevr(context.data_root).said}")


def drawings(context: Context) -> Drawings | str:
    """The pictures of all prompts; where no model was named or it was not fetched, what to do about it.

    Errors: `DataError` for a model of another kind; those of `load` and of `draw`.
    """
    return context.once("drawings", lambda: _drawings(context)) if options(context).model else MISSING


def not_fetched(model: str, why: str) -> str:
    """What is said where a model of the hub is not here and cannot be had."""
    name, _, revision = model.partition("@")
    which = f"{name} --revision {revision}" if revision else name
    return (f"{why}. With a connection to the hub of Hugging Face the same command fetches it, once; where its page "
            "asks for a licence to be accepted, do that first, and sign in by `hf auth login`. Without one, fetch the "
            f"folder where there is a connection (`hf download {which} --local-dir FOLDER`), copy it here, and pass "
            "`--model FOLDER`.")


def drawing_of(asked: SheetOptions) -> Drawing:
    """How pictures are drawn."""
    return Drawing(steps=asked.steps, guidance=asked.guidance, negative_prompt=asked.negative_prompt, size=asked.size)


def _drawings(context: Context) -> Drawings | str:
    asked, prompts = options(context), sheet(context)
    context.screen.say(f"loading {asked.model}")
    try:
        folder = places.fetched(asked.model)
    except NotFetched as error:
        return not_fetched(asked.model, str(error))
    model = load(folder, Loading(device=asked.device, dtype=asked.dtype, scheduler=asked.scheduler,
                                 memory=asked.memory))
    drawing = drawing_of(asked)
    drawing = replace(drawing, size=drawing.size or model.size)
    each = wanted(model, prompts, drawing, seed=context.seed, pictures=asked.pictures, folder=context.folder)
    session = Session(provenance=provenance(context, model), say=context.screen.say, batch=asked.batch)
    found = sorted(drawn(model, each, drawing, session), key=lambda one: (one.place, one.k))
    return Drawings(model, drawing, tuple(found), tuple(model.length(one.prompt) for one in prompts))


def provenance(context: Context, model: TextToImage) -> dict[str, str]:
    """What a picture came from, by key."""
    asked = options(context)
    return {**context.provenance(), "model": asked.model if places.on_the_hub(asked.model) else
            Path(asked.model).name, "checkpoint": f"sha256 {model.digest}", "steps": str(asked.steps),
            "guidance": f"{asked.guidance:g}", "negative prompt": asked.negative_prompt,
            "scheduler": model.scheduler, "dtype": model.dtype}
