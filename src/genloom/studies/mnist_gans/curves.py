"""The game over the steps, for figures."""

from typing import TYPE_CHECKING

from genloom.gan.losses import adversarial
from genloom.report.figures import canvas
from genloom.report.plots import known_line, lines, running_mean
from genloom.report.results import Figure
from genloom.report.run_page import read_columns
from genloom.studies.context import Context
from genloom.studies.mnist_gans.work import Played

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WINDOW = 10  # rows of the log
_COLUMNS = ("step", "game/discriminator", "game/generator", "told_apart")


def curves(context: Context, played: Played, name: str) -> Figure:
    """Both losses beside the discriminator's at a tie, and the share of pairs that it tells apart."""
    rows = read_columns(played.trained.path / "metrics.jsonl", _COLUMNS)
    figure, (left, right) = canvas(9.0, 3.3, 1, 2)
    _losses(left, rows, adversarial(played.recipe.loss.adversarial).tie)
    lines(right, rows["step"], {"told apart": running_mean(rows["told_apart"], _WINDOW)}, xlabel="step",
          ylabel="share of pairs", markers=False)
    known_line(right, 0.5, "nothing told apart")
    right.set_ylim(0.45, 1.02)
    right.legend(loc="lower right")
    end = {key: values[-1] for key, values in rows.items()}
    return context.figure(
        figure, name, run=played.trained,
        caption=f"Left: the losses of both networks, running means over {_WINDOW} rows of the log; dashed, the "
                "discriminator's where it tells nothing apart. Right: the share of pairs of a real picture and a fake "
                "in which it ranks the real one higher.",
        alt=f"Two panels over {end['step']:.0f} steps; at the end the discriminator's loss is "
            f"{end['game/discriminator']:.2f}, the generator's {end['game/generator']:.2f}, and "
            f"{end['told_apart']:.0%} of pairs are told apart")


def _losses(axes: "Axes", rows: dict[str, list[float]], tie: float) -> None:
    series = {said: running_mean(rows[f"game/{said}"], _WINDOW) for said in ("discriminator", "generator")}
    lines(axes, rows["step"], series, xlabel="step", ylabel="loss", markers=False)
    known_line(axes, tie, "discriminator at a tie")
    axes.legend()


def told(played: Played) -> str:
    """How the game stands at the end, in a sentence."""
    rows = read_columns(played.trained.path / "metrics.jsonl", _COLUMNS)
    late = {key: sum(values[-_WINDOW:]) / len(values[-_WINDOW:]) for key, values in rows.items()}
    tie = adversarial(played.recipe.loss.adversarial).tie
    return (f"At the end the discriminator's loss is {late['game/discriminator']:.3f}, where telling nothing apart is "
            f"{tie:.3f}, and it ranks {late['told_apart']:.0%} of pairs rightly.")
