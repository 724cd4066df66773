"""`genloom list`: recipes, studies, models that come with genloom, and samplers, one line each."""

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from genloom.cli import flags
from genloom.cli.output import Voice, aligned
from genloom.recipes import pretrained
from genloom.recipes.registry import RECIPES, STUDIES


@dataclass(frozen=True, kw_only=True)
class Options:
    """Recipes, studies and the models that come with genloom, one line each; `genloom list samplers` shows the
    samplers."""

    topic: Annotated[Literal["all", "recipes", "studies", "models", "samplers"], tyro.conf.Positional] = "all"
    """What to list."""
    json: bool = False
    """Print JSON."""


def run(args: list[str]) -> int:
    """List what can be named."""
    options = flags.options(Options, "list", args)
    listed = topics(options.topic)
    lines = []
    for topic, names in listed.items():
        lines += [topic, *aligned(list(names.items()), indent="  "), ""]
    lines.append("Next: genloom train RECIPE · genloom study NAME · genloom list samplers")
    Voice(json=options.json).answer(listed, *lines)
    return 0


def topics(topic: str) -> dict[str, dict[str, str]]:
    """Names and summaries by topic; samplers need torch and are shown only when asked for."""
    if topic == "samplers":
        from genloom.diffusion.samplers.registry import SAMPLERS

        return {"samplers": {name: sampler.summary for name, sampler in SAMPLERS.items()}}
    listed = {"recipes": {name: entry.summary for name, entry in RECIPES.items()},
              "studies": {name: entry.summary for name, entry in STUDIES.items()}, "models": pretrained.summaries()}
    return listed if topic == "all" else {topic: listed[topic]}
