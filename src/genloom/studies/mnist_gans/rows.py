"""The runs of every loss, what is said of them, and their logs."""

from collections.abc import Mapping
from typing import NamedTuple

from genloom.gan.diagnosis import Finding, history
from genloom.gan.losses import adversarial
from genloom.recipes.gan_losses import LOSSES, Options
from genloom.report.run_page import read_rows, training_seconds
from genloom.studies.context import Context
from genloom.studies.mnist_gans.judges import Judged, judged
from genloom.studies.mnist_gans.work import Played, all_games


class Row(NamedTuple):
    """A loss, its finished runs by seed, and what is said of each; None for a run that ended early."""

    name: str
    options: Options
    runs: Mapping[int, Played | None]
    judged: Mapping[int, Judged | None]

    @property
    def finished(self) -> list[tuple[Played, Judged]]:
        """Runs that came to their end."""
        return [(played, found) for seed, played in self.runs.items()
                if played is not None and (found := self.judged[seed]) is not None]

    @property
    def stable(self) -> int:
        """How many of them are stable."""
        return sum(found.stable for _, found in self.finished)

    @property
    def by_seed(self) -> dict[int, float]:
        """Fréchet distances of the finished runs by seed."""
        return {seed: found.scores.frechet for seed, found in self.judged.items()
                if found is not None and self.runs[seed] is not None}

    @property
    def distances(self) -> list[float]:
        """Fréchet distances of the finished runs."""
        return list(self.by_seed.values())

    @property
    def trainings(self) -> list[float]:
        """Minutes of each finished training."""
        return [training_seconds(played.trained.path / "timing.jsonl") / 60 for played, _ in self.finished]

    @property
    def minutes(self) -> float:
        """Of training, all seeds together."""
        return sum(self.trainings)


def rows(context: Context) -> list[Row]:
    """Every loss with its runs, trained and judged."""
    found = []
    for name, runs in all_games(context).items():
        said = {seed: None if played is None else judged(context, played) for seed, played in runs.items()}
        found.append(Row(name, LOSSES[name], runs, said))
    return found


def findings(played: Played) -> list[tuple[int, Finding]]:
    """What the diagnosis said during the training, with the step at which it did."""
    tie, modes = adversarial(played.recipe.loss.adversarial).tie, played.experiment.readable
    both = [row for name in ("metrics.jsonl", "evaluations.jsonl") for row in read_rows(played.trained.path / name)]
    return list(history(both, tie, modes))
