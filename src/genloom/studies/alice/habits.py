"""What first and last blocks do, over many held-out sentences: figure, table, numbers and words."""

from typing import TYPE_CHECKING

from genloom.metrics.interval import Interval
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import fixed, measured, near
from genloom.report.results import Figure, Result, Table
from genloom.studies.alice.looks import HABITS, change, habit, seen, untaught
from genloom.studies.alice.work import model
from genloom.studies.context import Context

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NAMES = {"spread": "entropy, of that of looking evenly", "first": "weight on the first token",
          "itself": "weight on the token that looks", "before": "weight on the token before it",
          "distance": "mean distance, of that of looking evenly"}
_EVEN = 0.02


def _even(context: Context, name: str) -> float:
    """What a habit is where all tokens are looked at evenly."""
    every = [each.blocks[0].even for each in seen(context)]
    return 1.0 if name in ("spread", "distance") else sum(every) / len(every)


def habits_said(context: Context) -> tuple[str, ...]:
    """First against last block, in words."""
    every, last = seen(context), len(seen(context)[0].blocks) - 1
    if last == 0:
        return ("The network has one block: its first is its last.",)
    found = {name: (habit([each.blocks for each in every], name, 0), habit([each.blocks for each in every], name, last),
                    change(context, name)) for name in HABITS}
    sure = [name for name in HABITS if found[name][2].low > 0 or found[name][2].high < 0]
    told = "; ".join(f"{_NAMES[name]} {fixed(found[name][0].value, 3)} in the first and "
                     f"{fixed(found[name][1].value, 3)} in the last" for name in sure)
    elsewhere = sum(each.elsewhere for each in every) / len(every)
    one = (f"One sentence is one sentence. Over {len(every)} held-out ones, each with its last word written by the "
           f"model, {100 * elsewhere:.0f} % of the weight of words lies elsewhere in the first block than in the last. "
           + (f"What differs by more than the sentences explain (95 %, pairwise): {told}." if sure else
              "No habit differs by more than the sentences explain."))
    return (one, "A network that nothing has taught looks at all tokens all but evenly, since its scores are near 0: "
                 "whatever differs from that was learned.")


def habits_table(context: Context) -> Table:
    """The habits of the ends, their difference, and those of an untaught network."""
    trained = [each.blocks for each in seen(context)]
    last = len(trained[0]) - 1
    rows = []
    for name in HABITS:
        cells = [habit(trained, name, block) for block in (0, last)]
        moved, new = change(context, name), habit(untaught(context), name, last)
        rows.append((_NAMES[name], *(_cell(each) for each in (*cells, moved)), fixed(new.value, 3),
                     fixed(_even(context, name), 3)))
    return Table(header=("habit, mean of the heads", "first block", "last block", "last − first", "last, untaught",
                         "looking evenly"), rows=tuple(rows),
                 caption=f"Means over {len(trained)} held-out sentences with Student's 95 % intervals.")


def _cell(found: Interval) -> str:
    return measured(Result(name="", value=found.value, interval=(found.low, found.high)))


def habits_results(context: Context) -> list[Result]:
    """Each difference with its interval, and a control whose answer is known."""
    count, last = len(seen(context)), len(seen(context)[0].blocks) - 1
    control = habit(untaught(context), "spread", last)
    rows = [near(Result(name="entropy of an untaught network's last block, of that of looking evenly",
                        value=control.value, known=1.0, known_name="scores near 0: all tokens alike", n=count,
                        interval=(control.low, control.high)), _EVEN)]
    for name in HABITS:
        found = change(context, name)
        rows.append(Result(name=f"{_NAMES[name]}: last block − first", value=found.value, known=0.0, n=found.n,
                           known_name="no difference", interval=(found.low, found.high)))
    elsewhere = [each.elsewhere for each in seen(context)]
    rows.append(Result(name="weight of words that lies elsewhere in the first block than in the last",
                       value=sum(elsewhere) / count, known=0.0, known_name="blocks that look alike", n=count))
    return rows


def habits_figure(context: Context) -> Figure:
    """Each habit by block."""
    figure, axes = canvas(9.4, 2.6, 1, len(HABITS))
    for name, axis in zip(HABITS, axes, strict=True):
        _draw(axis, context, name)
    trained = [each.blocks for each in seen(context)]
    told = "; ".join(f"{_NAMES[name]} from {habit(trained, name, 0).value:.2f} to "
                     f"{habit(trained, name, len(trained[0]) - 1).value:.2f}" for name in HABITS)
    return context.figure(figure, "habits", run=model(context).trained,
                          caption=f"What each block does on {len(trained)} held-out sentences, with 95 % intervals; "
                                  "dashed, looking at all tokens evenly.", alt=f"First to last block: {told}")


@styled()
def _draw(axes: "Axes", context: Context, name: str) -> None:
    from matplotlib.ticker import MaxNLocator

    for k, (label, found) in enumerate((("trained", [each.blocks for each in seen(context)]),
                                        ("untaught", list(untaught(context))))):
        blocks = range(1, len(found[0]) + 1)
        each = [habit(found, name, block - 1) for block in blocks]
        errors = [[one.value - one.low for one in each], [one.high - one.value for one in each]]
        axes.errorbar(list(blocks), [one.value for one in each], yerr=errors, color=COLORS[k], marker="os"[k],
                      markersize=4, elinewidth=0.9, label=label)
    axes.axhline(_even(context, name), color=KNOWN, linewidth=1, linestyle=DASHED)
    axes.set_title(_NAMES[name].replace(", of that of", ",\nof that of").replace(" the token", "\nthe token").replace(
        " the first", "\nthe first"), fontsize=8.5)
    axes.set(xlabel="block", ylim=(0, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if name == HABITS[0]:
        axes.legend(loc="lower left")
