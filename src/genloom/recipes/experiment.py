"""What the command line needs of every family: a recipe made real."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from genloom.training import distributed

if TYPE_CHECKING:
    from genloom.report.results import Item, Result
    from genloom.training.engine import Job
    from genloom.training.method import Networks


@dataclass(frozen=True, kw_only=True)
class SampleRequest:
    """What to draw from a trained run; None takes the recipe's own choice."""

    count: int | None = None
    """How many samples."""
    sampler: str | None = None
    """Name of the sampler."""
    steps: int | None = None
    """Steps from noise to data."""
    spacing: str | None = None
    """Where the steps lie."""
    eta: float | None = None
    """Noise of ddim, in [0, 1]."""
    guidance: float | None = None
    """Scale of classifier-free guidance, or of the classifier's."""
    classifier: str | None = None
    """Run of a classifier, or the name of one that comes with genloom, which guides instead of the model itself."""
    labels: str | None = None
    """Classes to condition on, separated by commas."""
    prompt: str | None = None
    """Text that a language model goes on with."""
    tokens: int | None = None
    """Tokens that it writes."""
    temperature: float | None = None
    """What its logits are divided by; 0 takes the likeliest token."""
    top_k: int | None = None
    """How many of the likeliest tokens stay; 0 is all."""
    top_p: float | None = None
    """The likeliest tokens stay that reach this probability together; 1 is all."""
    min_p: float | None = None
    """Tokens stay that have this share of the likeliest one's probability; 0 is all."""
    repetition: float | None = None
    """How much less likely a token is that was there before; 1 is not at all."""
    past: str | None = None
    """What is done beyond the context: refuse, slide or halve."""
    seed: int = 0
    """Seed; sample i depends on it and on i alone."""


class Experiment(Protocol):
    """A recipe with its data, networks and method built; made by `build`."""

    @property
    def recipe(self) -> Any:
        """The recipe, a frozen dataclass."""
        ...

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Lines for the banner and the report's head: data first, then parameters and what the family adds."""
        ...

    def job(self) -> "Job":
        """What the engine trains."""
        ...

    def sample(self, networks: "Networks", request: SampleRequest, folder: Path,
               provenance: dict[str, str]) -> list[Path]:
        """Draw samples into `folder`: data files and pictures; each picture carries `provenance` in its PNG text."""
        ...

    def evaluate(self, networks: "Networks") -> tuple["Result", ...]:
        """Every metric that applies, each beside its floor, baseline or exact answer."""
        ...

    def items(self, networks: "Networks", run: Path, provenance: dict[str, str]) -> tuple["Item", ...]:
        """The sections of a run's report after its numbers; figures are written into RUN/figures."""
        ...


def drawn_at(recipe: Any, step: int) -> dict[str, str]:
    """What a picture that is drawn in training says of where it comes from; `step` is not saved yet at that moment.

    >>> from genloom.recipes.points import ve_square
    >>> drawn_at(ve_square(), 100)["checkpoint"]
    'step 100, before it was saved'
    """
    return {"recipe": recipe.name, "seed": str(recipe.engine.seed), "checkpoint": f"step {step}, before it was saved"}


def kept(recipe: Any, run: Path) -> Any:
    """What a run keeps of its data, read by the function that the recipe's class names as `keeps` ("module:function").

    None where its family keeps nothing, and of a run that was made before it did.
    """
    module, _, name = getattr(type(recipe), "keeps", "").partition(":")
    return getattr(import_module(module), name)(run) if module else None


def keep(experiment: Experiment, run: Path) -> None:
    """Let the run keep what its family keeps of the data, in the first process alone."""
    if hasattr(experiment, "keep") and distributed.is_main():
        experiment.keep(run)


def build(recipe: Any, data_root: Path | None = None, known: Any = None) -> Experiment:
    """The experiment of a recipe, by the `builder` that its class names ("module:class").

    known   what a model that comes with genloom, or a run, knows of its data (`Known`, `KnownText`), which then are not
            read before they are needed
    """
    module, _, name = recipe.builder.partition(":")
    builder = getattr(import_module(module), name)
    experiment: Experiment = builder(recipe, data_root) if known is None else builder(recipe, data_root, known)
    return experiment
