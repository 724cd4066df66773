"""A training from its recipe to its report: what `train` and `resume` share."""

import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genloom.cli import banner, runs, written
from genloom.cli.crash import save_traceback, saved_in
from genloom.cli.output import Voice
from genloom.errors import GenloomError
from genloom.training.distributed import is_main
from genloom.training.run import RunFolder
from genloom.training.screen import Mode, Screen

if TYPE_CHECKING:
    from genloom.recipes.experiment import Experiment
    from genloom.training.checkpoint import Which
    from genloom.training.engine import Outcome


@dataclass(frozen=True)
class Session:
    """A run that is about to be trained.

    base      the recipe to compare with in the banner
    resume    whether to go on from the last checkpoint, or from `checkpoint`
    """

    experiment: "Experiment"
    run: RunFolder
    base: Any
    screen: Screen
    voice: Voice
    resume: bool = False
    checkpoint: "Which | None" = None

    def go(self) -> int:
        """Train, draw samples, evaluate, report; returns the exit code."""
        with saved_in(self.run.path):
            outcome = self._fit()
        return self._finish(outcome)

    def _fit(self) -> "Outcome":
        from genloom.training.engine import fit

        job = self.experiment.job()
        if is_main() and self.screen.mode != "quiet":
            self.screen.banner(banner.lines(self.experiment, self.base, self.run.path, job))
        return fit(job, self.run, resume=self.resume, screen=self.screen, checkpoint=self.checkpoint)

    def _finish(self, outcome: "Outcome") -> int:
        """What comes after training; if it fails, the run is whole all the same."""
        where, name = self.run.path, runs.quoted(self.run.path)
        document: dict[str, Any] = {"run": str(where), "step": outcome.step, "seconds": round(outcome.seconds, 3),
                                    "checkpoint": str(outcome.best or outcome.checkpoint)}
        code = 0
        try:
            document |= written.all_of(runs.with_weights(self.run, self.experiment), self.voice)
        except (Exception, SystemExit) as error:
            self.screen.warn(f"the training is whole, but what follows it failed: {_said(error, where)}")
            document["failed"] = str(error)
            code = error.exit_code if isinstance(error, GenloomError) else 1
        early = outcome.step < self.experiment.recipe.engine.steps
        following = [*written.following(self.experiment.recipe, name),
                     f"genloom resume {name} {'--patience 0' if early else f'--steps {2 * outcome.step}'}"]
        if code:
            following.insert(0, f"genloom report {name}")
        self._last_words(document, following[:3])
        return code

    def _last_words(self, document: dict[str, Any], following: list[str]) -> None:
        paths = [f"run         {document['run']}", f"checkpoint  {document['checkpoint']}"]
        paths += [f"samples     {path}" for path in document.get("samples", ())][:2]
        paths += [f"report      {document['report']}"] if "report" in document else []
        self.voice.event("done", {**document, "next": following}, *paths)
        self.voice.say("next:", *(f"  {command}" for command in following))


def screen(voice: Voice) -> Screen:
    """The engine's screen in the voice of the command."""
    mode: Mode = "json" if voice.json else "quiet" if voice.quiet else "auto"
    return Screen(mode, sys.stdout)


def _said(error: BaseException, folder: Path) -> str:
    if isinstance(error, GenloomError):
        return str(error)
    place = save_traceback("".join(traceback.format_exception(error)), folder)
    return f"{type(error).__name__}: {error} (traceback in {place})"
