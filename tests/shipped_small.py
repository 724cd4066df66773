"""Small models of drawn scenes, trained by the command line and shipped."""

from pathlib import Path
from typing import NamedTuple

from genloom.cli.entry import main
from genloom.recipes.ship import ship

SCENES = ["--data.source", "scenes", "--data.scenes", "200", "--data.zoom", "1", "--data.no-flip", "--data.channels",
          "3", "--evaluation.samples", "12", "--evaluation.features", "pixels", "--engine.batch-size", "8",
          "--engine.no-tensorboard", "--threads", "1", "--precision", "32", "--steps", "4", "--quiet"]
FLAGS = {
    "images": ["ddpm-images", "--data.size", "16", "--network.width", "4", "--network.multipliers", "1", "2",
               "--network.blocks", "1", "--network.attention", "8", "--network.heads", "1", "--network.conditioning",
               "labels", "--sampling.sampler", "ddim", "--sampling.steps", "2", "--engine.ema", "0.9", *SCENES],
    "gan": ["sngan", "--data.size", "32", "--network.width", "4", "--network.told", "norm", "--network.judging",
            "projection", "--latent.size", "8", "--evaluation.quick", "12", "--engine.sample-every", "0",
            "--engine.evaluate-every", "0", *SCENES],
}


class Shipping(NamedTuple):
    """A run, what was shipped of it, and the names of both."""

    run: Path
    place: Path
    recipe: str

    @property
    def name(self) -> str:
        return self.place.name


def shipping(folder: Path) -> dict[str, Shipping]:
    """A small run of each family that draws, and what is shipped of it in folder/pretrained, in full precision."""
    made = {}
    for family, flags in FLAGS.items():
        run = folder / family
        assert main(["train", *flags, "--out", str(run)]) == 0
        ship(run, f"small-{family}", folder / "pretrained")
        made[family] = Shipping(run, folder / "pretrained" / f"small-{family}", flags[0])
    return made
