"""What a deliverable works with: trained runs, figures with what they came from, and results that several share."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from genloom import machine
from genloom.errors import CheckpointError, InputError, InputErrors, RunError
from genloom.recipes import pretrained
from genloom.recipes.experiment import Experiment, build, keep, kept
from genloom.recipes.fields import differences
from genloom.recipes.registry import TIERS
from genloom.recipes.serial import from_yaml, to_yaml
from genloom.recipes.shipped import differs, opened
from genloom.report.figures import save_figure
from genloom.report.results import Figure
from genloom.training.checkpoint import Checkpoints, Loaded, load_networks
from genloom.training.engine import fit
from genloom.training.method import Networks
from genloom.training.run import RunFolder
from genloom.training.screen import Screen

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

T = TypeVar("T")

SHIPPED = "pretrained:"
"""Before the names of models that come with genloom, among those of the runs that an item used."""
BEST = "best:"
"""Before the names of runs whose best checkpoint was taken, among the same."""

Checkpoint = Literal["last", "best"]
"""last: as training left it. best: where the judge that looked on was best, which it must not be that judges the item;
the last one of a run that nobody looked at."""


class Trained(NamedTuple):
    """A finished run, or a model that comes with genloom: its experiment, and its networks in eval mode, with averaged
    weights if it has them. Of a GAN that comes with genloom the generator alone is there."""

    name: str
    path: Path
    experiment: Experiment
    networks: Networks
    loaded: Loaded
    origin: str = "trained here"
    """Where it is from, as the end of a sentence; what comes with genloom says how long its training took."""

    @property
    def provenance(self) -> dict[str, str]:
        """Recipe, seed and checkpoint, for pictures."""
        recipe = self.experiment.recipe
        return {"recipe": recipe.name, "seed": str(recipe.engine.seed), "run": self.path.name,
                "checkpoint": f"step {self.loaded.step}, sha256 {self.loaded.digest}"}


@dataclass
class Context:
    """The surroundings of a study's deliverables.

    folder      the study's folder: runs/, figures/, items/, report.html
    study       name of the study
    tier        "laptop" or "gpu"
    seed        seed of all that is trained and drawn
    command     what the person typed, for the runs
    data_root   folder of real data sets
    train       train what comes with genloom instead of taking it
    options     what this study alone was asked for, see `Study.options`
    """

    folder: Path
    study: str = ""
    tier: str = TIERS[0]
    seed: int = 0
    screen: Screen = field(default_factory=lambda: Screen("quiet"))
    command: Sequence[str] = ()
    data_root: Path | None = None
    train: bool = False
    options: Any = None
    item: str = ""
    """Number of the deliverable that is being done."""
    used: set[str] = field(default_factory=set)
    """Names of the runs that the deliverable has used so far, directly or through what it shares."""
    _trained: dict[str, Trained] = field(default_factory=dict)
    _shared: dict[Any, tuple[Any, set[str]]] = field(default_factory=dict)

    def run(self, recipe: Any, name: str, *, checkpoint: Checkpoint = "last") -> Trained:
        """The finished run of this recipe, in runs/NAME: trained now, gone on with, or found there.

        A run that is there is taken if its recipe is equal, its data are what they were and its checkpoint is whole;
        otherwise it is put aside as NAME.old-1, … and trained anew. Errors: those of training.
        """
        key = BEST + name if checkpoint == "best" else name
        self.used.add(key)
        if key in self._trained:
            return self._trained[key]
        path = self.folder / "runs" / name
        experiment = build(recipe, self.data_root)
        self._train(path, to_yaml(recipe), experiment, checkpoint)
        networks = experiment.job().networks
        found = Trained(name, path, experiment, networks, load_networks(path, networks, step=step_of(path, checkpoint)))
        self._trained[key] = found
        return found

    def shipped(self, recipe: Any, name: str, *, checkpoint: Checkpoint = "last") -> Trained:
        """The model of this name that comes with genloom, where this recipe trains it; otherwise as `run`.

        Recipes may differ in paths, in how a training is watched, and in how its model is sampled and judged: the
        experiment is that of the asked one. Errors: those of training; `CheckpointError` for damaged files.
        """
        if self.train or name not in pretrained.names():
            return self.run(recipe, name, checkpoint=checkpoint)
        key = SHIPPED + name
        if key not in self._trained:
            found = pretrained.load(name)
            if other := differs(found, recipe):
                self.screen.say(f"{name} that comes with genloom was trained otherwise: {', '.join(other[:3])} here")
                return self.run(recipe, name, checkpoint=checkpoint)
            made = opened(found, self.data_root, recipe=recipe)
            self._trained[key] = Trained(name, found.folder, made.experiment, made.networks, made.loaded, made.said)
        self.used.add(key)
        return self._trained[key]

    def once(self, key: Any, work: Callable[[], T]) -> T:
        """What `work` returns: computed by the first deliverable that asks for this key, remembered for the others."""
        if key not in self._shared:
            outer, self.used = self.used, set()
            try:
                value = work()
            finally:
                inner, self.used = self.used, outer | self.used
            self._shared[key] = (value, inner)
        value, inner = self._shared[key]
        self.used |= inner
        found: T = value
        return found

    def figure(self, canvas: "Canvas", name: str, *, caption: str, alt: str, run: Trained | None = None) -> Figure:
        """Save a figure as figures/NAME.png with what it came from, for the report."""
        return save_figure(canvas, self.folder / "figures" / f"{name}.png", self.provenance(run), caption=caption,
                           alt=alt, folder=self.folder)

    def provenance(self, run: Trained | None = None) -> dict[str, str]:
        """What a figure came from, by key."""
        return {"study": self.study, "item": self.item, "seed": str(self.seed), "tier": self.tier,
                **({} if run is None else run.provenance), "command": self.again()}

    def again(self) -> str:
        """The command that makes the present item again."""
        only = f" --only {self.item}" if self.item else ""
        train = " --train" if self.train else ""
        return f"genloom study {self.study}{self.flags} --tier {self.tier} --seed {self.seed}{train}{only}"

    @property
    def flags(self) -> str:
        """Those of this study alone, with a blank before each."""
        own = [] if self.options is None else differences(self.options, type(self.options)())
        return "".join(f" --{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value, _ in own)

    def digests(self, names: set[str]) -> dict[str, str]:
        """SHA-256 of the checkpoints of runs by name; `SHIPPED` or `BEST` may stand before it."""
        return {name: self._trained[name].loaded.digest for name in sorted(names)}

    def _train(self, path: Path, recipe_yaml: str, experiment: Experiment, checkpoint: Checkpoint) -> None:
        state = _state(path, experiment, checkpoint)
        if state == "finished":
            return
        if state == "interrupted":
            self.screen.say(f"going on with {path}")
            try:
                fit(experiment.job(), RunFolder.open(path), resume=True, screen=self.screen)
            except CheckpointError as error:
                self.screen.warn(str(error))
            else:
                return
        if state != "none":
            self.screen.say(f"{path} is of another recipe, of other data or damaged; kept as {put_aside(path).name}")
        self.screen.say(f"training {path.name}: {experiment.recipe.engine.steps} steps")
        run = RunFolder.create(path, recipe_yaml, self.command, machine.environment())
        keep(experiment, path)
        fit(build(experiment.recipe, self.data_root).job(), run, screen=self.screen)


def step_of(path: Path, checkpoint: Checkpoint) -> int:
    """The step of the checkpoint that is taken of a run.

    Errors: `CheckpointError` where there is none, or what names the best cannot be read.
    """
    store = Checkpoints(path / "checkpoints")
    judged = store.best() is not None or (store.folder / "best.json").exists()
    return store.resolve("best" if checkpoint == "best" and judged else "last")


def put_aside(path: Path) -> Path:
    """Rename a folder to the first of NAME.old-1, NAME.old-2, … that is free."""
    k = 1
    while (aside := path.with_name(f"{path.name}.old-{k}")).exists():
        k += 1
    return path.rename(aside)


def _state(path: Path, experiment: Experiment, checkpoint: Checkpoint = "last") -> str:
    """How the run at `path` stands for this recipe: none, other, damaged, interrupted or finished."""
    if not path.exists() or not any(path.iterdir()):
        return "none"
    try:
        run = RunFolder.open(path)
        if from_yaml(run.recipe_yaml) != experiment.recipe:  # by value: what a recipe got since has its default
            return "other"
        if _other_text(path, experiment):
            return "other"
        if run.status.get("state") != "finished":
            return "interrupted"
        load_networks(path, experiment.job().networks, step=step_of(path, checkpoint))
    except (RunError, CheckpointError, InputError, InputErrors, OSError, UnicodeDecodeError):
        return "damaged"
    return "finished"


def _other_text(path: Path, experiment: Experiment) -> bool:
    """Whether a run keeps word of another text than that of the experiment, or of other tokens of it."""
    before, now = kept(experiment.recipe, path), getattr(experiment, "known", None)
    return before is not None and now is not None and _of_text(before) != _of_text(now)


def _of_text(known: Any) -> tuple[str, str]:
    return known.digest, known.tokenizer.digest
