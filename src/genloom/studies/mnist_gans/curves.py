"""The game over the steps, as a figure and as a sentence."""

from genloom.gan.losses import adversarial
from genloom.recipes.show_game import GAME_ALT, GAME_CAPTION, draw_game
from genloom.report.results import Figure
from genloom.report.run_page import read_columns
from genloom.studies.context import Context
from genloom.studies.mnist_gans.work import Played

_LATE = 10  # rows of the log


def curves(context: Context, played: Played, name: str) -> Figure:
    """Both losses beside a tie, the share of pairs told apart, and logits."""
    return context.figure(draw_game(played.recipe, played.trained.path), name, run=played.trained,
                          caption=GAME_CAPTION, alt=f"{GAME_ALT}. {told(played)}")


def told(played: Played) -> str:
    """How the game stands at the end, in a sentence."""
    rows = read_columns(played.trained.path / "metrics.jsonl", ("game/discriminator", "told_apart"))
    late = {key: sum(values[-_LATE:]) / len(values[-_LATE:]) for key, values in rows.items()}
    tie = adversarial(played.recipe.loss.adversarial).tie
    return (f"At the end the discriminator's loss is {late['game/discriminator']:.3f}, where telling nothing apart is "
            f"{tie:.3f}, and it ranks {late['told_apart']:.0%} of pairs rightly.")
