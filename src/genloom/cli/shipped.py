"""Models that come with genloom, where a command expects a run: found by name; what is made of them goes elsewhere."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genloom.cli.output import Voice
from genloom.cli.runs import Trained, Wants, next_free, refuse_filled
from genloom.errors import InputError, NotHere, UnknownName
from genloom.recipes import pretrained, registry

DRAWING = ("images", "gan")
"""Families of such models that draw."""
REPORTS = Path("reports")
"""Where numbers and reports of them go, in NAME-1, -2, and so on."""


@dataclass(frozen=True)
class Place:
    """What stands for the folder of a run: a folder, the recipe, and that the training is finished."""

    path: Path
    recipe_yaml: str
    steps: int

    @property
    def status(self) -> dict[str, Any]:
        """As of a run."""
        return {"state": "finished", "step": self.steps, "steps": self.steps, "reason": ""}


def named(place: Path, drawing: bool = False) -> str | None:
    """The name of what comes with genloom, where a person gave one; the folder of a run is taken before.

    Errors: `UnknownName`, with what is there and the runs in runs/, for one word that is neither.
    """
    word = str(place)
    if (place / "recipe.yaml").is_file():
        return None
    if word in pretrained.names():
        return word
    if len(place.parts) == 1 and not place.exists():
        own = [str(each.parent) for each in sorted(Path("runs").glob("*/recipe.yaml"))]
        raise UnknownName("run", word, [*pretrained.names(DRAWING if drawing else ()), *own])
    return None


def trained(name: str, wants: Wants, voice: Voice, doing: str, drawing: bool) -> Trained:
    """A model that came with genloom as if it were a run, without a folder as yet.

    Errors: `InputError` for a checkpoint, of which there is one alone; `NotHere` where it is to draw and cannot; those
    of opening it.
    """
    if wants.checkpoint:
        raise InputError("--checkpoint", wants.checkpoint, f"left out: {name} has one alone")
    found = pretrained.load(name)
    if drawing and not registry.draws(found.recipe):
        raise NotHere(f"{name} draws no samples; it judges those of others, or guides them: `genloom sample RUN "
                      f"--classifier {name}`")
    voice.say(f"{doing} {name}, which comes with genloom …")
    from genloom import machine
    from genloom.recipes.shipped import opened

    machine.prepare(wants.threads)
    made = opened(found, wants.data_root, drawing=drawing)
    home = Place(found.folder, (found.folder / pretrained.RECIPE).read_text("utf-8"), found.step)
    return Trained(home, made.experiment, made.networks, made.loaded, name)


@contextmanager
def at(made: Trained, out: Path | None) -> Iterator[Trained]:
    """`made` with the folder that numbers and reports go into: a run's own; otherwise `out`, or the next in reports/.

    The logs of the training are put beside them; if nothing comes of it, nothing is left.

    Errors: `InputError` for `out` with a run; `RunError` where it holds something.
    """
    if not made.name:
        if out is not None:
            raise InputError("--out", str(out), "left out: what is made of a run is kept in its folder")
        yield made
        return
    assert isinstance(made.run, Place)
    if out is not None:
        refuse_filled(out)
        out.mkdir(parents=True, exist_ok=True)
    folder = out or next_free(REPORTS, made.name)
    logs = [Path(shutil.copyfile(made.run.path / log, folder / log))
            for log in pretrained.LOGS if (made.run.path / log).is_file()]
    try:
        yield made._replace(run=replace(made.run, path=folder))
    except BaseException:
        for log in logs:
            log.unlink(missing_ok=True)
        with suppress(OSError):  # something came of it
            folder.rmdir()
        raise
