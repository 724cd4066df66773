"""Run folders as the command line sees them: where a new one goes, what is in one, and what made a picture."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from genloom.cli.output import Voice
from genloom.errors import DataError, InputError, InputErrors, RunError
from genloom.recipes import fields
from genloom.recipes.places import JUDGES, MODEL, PLACES, PROMPTS, is_text
from genloom.training import distributed
from genloom.training.run import RunFolder

if TYPE_CHECKING:
    from genloom.recipes.experiment import Experiment
    from genloom.training.checkpoint import Loaded, Which
    from genloom.training.method import Networks

_DATA_ROOT, _CODES = "data_root", "autoencoder"


class Home(Protocol):
    """The folder of a run, or what stands for it where a model came with genloom."""

    @property
    def path(self) -> Path:
        """Where what is made of it is put."""
        ...

    @property
    def recipe_yaml(self) -> str:
        """The recipe that it was trained by."""
        ...

    @property
    def status(self) -> dict[str, Any]:
        """How the training stands."""
        ...


class Trained(NamedTuple):
    """A run with its experiment and the weights of one checkpoint; `name` is that of a model that came with genloom."""

    run: Home
    experiment: "Experiment"
    networks: "Networks"
    loaded: "Loaded"
    name: str = ""

    @property
    def word(self) -> str:
        """What a person calls it by, as a shell takes it."""
        return self.name or quoted(self.run.path)

    def again(self, verb: str) -> str:
        """The command that does this with the same weights, whatever is trained since."""
        return f"genloom {verb} {self.word}" + ("" if self.name else f" --checkpoint {self.loaded.step}")


def new_folder(out: Path | None, name: str) -> Path:
    """Where a new run goes: `out`, or the next free runs/NAME-k, which is made at once so that nobody else takes it.

    The helper processes of a distributed run make nothing: the engine tells them where the first one is.

    Errors: `RunError` for a folder that holds something.
    """
    if not distributed.is_main():
        return out or Path("runs") / name
    refuse_taken(out)
    return out or next_free(Path("runs"), name)


def next_free(parent: Path, name: str) -> Path:
    """The next free folder PARENT/NAME-k, which is made at once."""
    taken = {entry.name for entry in parent.iterdir()} if parent.is_dir() else set()
    k = 1
    while True:
        path = parent / f"{name}-{k}"
        if path.name not in taken:
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                pass  # another process took it meanwhile
            else:
                return path
        k += 1


def refuse_taken(path: Path | None) -> None:
    """Refuse a folder that holds something, before anything is computed.

    Errors: `RunError` with the command that goes on, or another folder.
    """
    if path is None or not distributed.is_main():
        return
    if path.is_dir() and (path / "recipe.yaml").is_file():
        raise RunError(f"{path} is a run already; go on with `genloom resume {quoted(path)}`, or pass another --out")
    refuse_filled(path)


def refuse_filled(path: Path) -> None:
    """Refuse a folder that holds something, or what is no folder, so that nothing is written over.

    Errors: `RunError`.
    """
    if path.exists() and (not path.is_dir() or any(entry.name != ".lock" for entry in path.iterdir())):
        raise RunError(f"{path} is not an empty folder; pass another --out")


def recipe_of(run: RunFolder) -> Any:
    """The recipe of a run.

    Errors: `RunError` where recipe.yaml cannot be read.
    """
    from genloom.recipes.serial import from_yaml

    try:
        return from_yaml(run.recipe_yaml)
    except (InputError, InputErrors, UnicodeDecodeError) as error:
        raise RunError(f"{run.path / 'recipe.yaml'}: {error}") from error


def placed(recipe: Any) -> Any:
    """The recipe with its paths from the root of the file system, so that its run works from any folder."""
    for leaf in fields.leaves(type(recipe)):
        path = fields.value(recipe, leaf.path)
        if path and (leaf.name in (*PLACES, PROMPTS) or _is_there(leaf.name, path) or is_text(leaf, path)):
            recipe = fields.replaced(recipe, leaf.path, absolute(path))
    return recipe


def _is_there(name: str, value: Any) -> bool:
    """Whether it is the place of an evaluator or of a model, and not the name of one that is elsewhere."""
    from genloom.recipes import pretrained

    known = pretrained.names() if name in JUDGES else ()
    return name in (*JUDGES, MODEL) and value not in known and Path(value).expanduser().exists()


def absolute(path: str) -> str:
    """A path from the root of the file system, "" for none."""
    return str(Path(path).expanduser().resolve()) if path else ""


def data_root_of(run: RunFolder, given: Path | None) -> Path | None:
    """The folder of real data that a run was started with, unless another one is given."""
    if given is not None:
        return given
    known = _known(run, _DATA_ROOT)
    return None if known is None else Path(known)


def environment(data_root: Path | None, experiment: "Experiment | None" = None) -> dict[str, Any]:
    """What environment.json says: the machine, where the data were, and whose codes are diffused, if any are."""
    from genloom import machine

    return {**machine.environment(), _DATA_ROOT: None if data_root is None else str(data_root.resolve()),
            _CODES: _codes(experiment)}


def refuse_other_codes(run: RunFolder, experiment: "Experiment") -> None:
    """Refuse to decode with other weights of an autoencoder than those that a run learned the codes of.

    Errors: `RunError`.
    """
    known, now = _known(run, _CODES), _codes(experiment)
    if known and now and known != now:
        raise RunError(f"{run.path} learned the codes of {experiment.recipe.latent.autoencoder} when its weights had "
                       f"sha256 {known[:12]}; its best or last ones have {now[:12]} now; bring the former back, or "
                       "train anew")


def _known(run: RunFolder, key: str) -> str | None:
    """What environment.json says of something, None where it does not."""
    try:
        known = json.loads((run.path / "environment.json").read_text("utf-8")).get(key)
    except (OSError, ValueError, AttributeError):
        return None
    return known if isinstance(known, str) else None


def _codes(experiment: "Experiment | None") -> str | None:
    """SHA-256 of the autoencoder whose codes are diffused."""
    return getattr(getattr(experiment, "space", None), "digest", None)


class Wants(Protocol):
    """Options of a verb that uses a trained run."""

    @property
    def run(self) -> Path:
        """Folder of the run."""
        ...

    @property
    def checkpoint(self) -> str:
        """best, last, a step, or nothing."""
        ...

    @property
    def data_root(self) -> Path | None:
        """Folder of real data sets, where they have moved."""
        ...

    @property
    def threads(self) -> int:
        """CPU threads; 0 for the recipe's."""
        ...


def trained(wants: Wants, voice: Voice, doing: str, *, drawing: bool = False) -> Trained:
    """A run with the weights of a checkpoint: the best one where none is named and there is one, else the last.

    doing     what to say once it is clear that there is such a run, before anything slow
    drawing   it is to draw and no more, for which a model that came with genloom needs no data

    Errors: `UnknownName` for a name of nothing that comes with genloom; `RunError`, `CheckpointError`, `InputError`.
    """
    from genloom.cli import shipped

    if (name := shipped.named(wants.run, drawing)) is not None:
        return shipped.trained(name, wants, voice, doing, drawing)
    run = RunFolder.open(wants.run)
    recipe = recipe_of(run)
    which(wants.checkpoint)
    voice.say(f"{doing} {wants.run} …")
    from genloom import machine
    from genloom.recipes.experiment import build, kept

    machine.prepare(wants.threads or recipe.engine.threads)
    experiment = build(recipe, data_root_of(run, wants.data_root), kept(recipe, run.path))
    return with_weights(run, experiment, wants.checkpoint)


def with_weights(run: RunFolder, experiment: "Experiment", checkpoint: str = "") -> Trained:
    """A run's experiment with the weights of a checkpoint.

    Errors: `CheckpointError`; `RunError` where the autoencoder that it needs is not what it was.
    """
    from genloom.training.checkpoint import Checkpoints, load_networks

    refuse_other_codes(run, experiment)
    wanted, networks = which(checkpoint), experiment.job().networks
    if wanted is None:
        wanted = "last" if Checkpoints(run.checkpoints).best() is None else "best"
    return Trained(run, experiment, networks, load_networks(run.path, networks, step=wanted))


def which(text: str) -> "Which | None":
    """The checkpoint that a word names: best, last or a step; None for an empty one.

    Errors: `InputError` for anything but best, last or a step.
    """
    if text in ("best", "last"):
        return text  # type: ignore[return-value]
    if text and not (text.isascii() and text.isdecimal()):
        raise InputError("--checkpoint", text, "best, last or a step", "`ls RUN/checkpoints` shows the steps")
    return int(text) if text else None


def provenance(made: Trained, seed: int, command: str) -> dict[str, str]:
    """What is written into a picture: enough to make it again."""
    return {"recipe": made.experiment.recipe.name, "seed": str(seed), "run": made.name or str(made.run.path),
            "checkpoint": f"step {made.loaded.step}, sha256 {made.loaded.digest}", "command": command,
            "recipe.yaml": made.run.recipe_yaml}


def read_picture(path: Path) -> Mapping[str, str]:
    """The provenance of a picture.

    Errors: `DataError` where there is none.
    """
    from genloom.report.provenance import read_provenance

    found = read_provenance(path)
    if "command" not in found and "recipe" not in found:
        raise DataError(f"{path}: its text names neither a recipe nor a command")
    return found


def quoted(path: Path) -> str:
    """A path as a shell takes it."""
    return shlex.quote(str(path))
