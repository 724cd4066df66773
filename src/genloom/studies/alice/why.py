"""S2.26: why this word: what the choice rests on, and whether attention tells it."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from genloom.autoregressive.ablation import hidden_log_probs
from genloom.autoregressive.scoring import score
from genloom.recipes.attention_gpt import AttentionLook
from genloom.recipes.explain_attention import why
from genloom.recipes.show_attention import evidence
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.numbers import at_most, fixed, measured, near, number
from genloom.report.results import Figure, Result, Table
from genloom.studies.alice.attention import chosen, looked
from genloom.studies.alice.looks import FIRST, GRADIENT, ITSELF, LAST, NEAR, ROLLOUT, Account, account, by_chance, seen
from genloom.studies.alice.work import exact, model
from genloom.studies.context import Context
from genloom.studies.study import Answer, deliverable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SAID = (LAST, FIRST, ROLLOUT, GRADIENT, NEAR)


@deliverable("S2.26", "Why this word", question="Explain why the model chose the next word, based on this analysis.")
def reasons(context: Context) -> Answer:
    """The words on which the choice rests, and how well each account of it does on many sentences."""
    found = looked(context)
    return Answer(
        text=(*why(found), _explains(context)),
        figures=(_evidence(context, found), _figure(context)),
        tables=(_effects(found), _accounts(context), _deletion(found)),
        results=(*_paths(context, found), *_results(context)),
        formula="effect of word j = log p(word | all) − log p(word | all but j)",
        source="Jain & Wallace 2019; Abnar & Zuidema 2020, Eq. 1 (rollout); Shrikumar et al. 2017 (gradient × input)",
    )


def accounts(context: Context) -> dict[str, Account]:
    """Of all accounts over the sentences."""
    return context.once("accounts", partial(_all, context))


def _all(context: Context) -> dict[str, Account]:
    return {name: account(context, name) for name in (*_SAID, ITSELF)}


def _explains(context: Context) -> str:
    """Whether attention is an explanation, as far as these sentences tell."""
    found, count = accounts(context), len(seen(context))
    last, near_, chance = found[LAST], found[NEAR], by_chance(context, lambda effect: effect.mean().item())
    best = max(_SAID, key=lambda name: found[name].rank.value)
    verdict = (f"it ranks words as their effects do, weakly or strongly, {fixed(last.rank.value, 2)} where 1 is all"
               if last.rank.low > 0 else f"no relation is seen, {fixed(last.rank.value, 2)}")
    beside = (f"The mere nearness of a word, which looks at no model, has {fixed(near_.rank.value, 2)}"
              + (", which is more" if near_.rank.value > last.rank.value else ""))
    return (f"Is attention an explanation? Over {count} held-out sentences the mean rank correlation of the last "
            f"block's weights with the effects of hiding words is in [{fixed(last.rank.low, 2)}, "
            f"{fixed(last.rank.high, 2)}]: {verdict}. {beside}; of all accounts, {best} has most, "
            f"{fixed(found[best].rank.value, 2)}. The word that is looked at most is the one that matters most in "
            f"{100 * last.top:.0f} % of the sentences; hiding it costs {fixed(last.fall.value, 2)} nats, hiding a word "
            f"at random {fixed(chance, 2)}, and hiding the one that matters most {fixed(found[ITSELF].fall.value, 2)}. "
            "Weights say where a block reads. What the choice rests on is said by taking it away.")


def _paths(context: Context, found: AttentionLook) -> list[Result]:
    """The same log-probability by three paths, and the likeliest word taken away."""
    sentence, gpt = chosen(context), exact(context)
    known = score(gpt, sentence.targets, sentence.prefix.tolist()).total
    none = hidden_log_probs(model(context).gpt, sentence.prefix, sentence.words, sentence.targets, [set()]).item()
    everything = set(range(len(sentence.words)))
    all_hidden = hidden_log_probs(model(context).gpt, sentence.prefix, sentence.words, sentence.targets,
                                  [everything]).item()
    name = f"log p of “{sentence.target.shown}”"
    return [
        near(Result(name=name, value=found.log_prob, unit="nats", known=known, n=len(sentence.targets),
                    known_name="token by token in float64"), 1e-3),
        near(Result(name=f"{name}, nothing hidden", value=none, unit="nats", known=known,
                    known_name="token by token in float64"), 1e-3),
        at_most(Result(name=f"{name}, everything hidden", value=all_hidden, unit="nats", known=known,
                       known_name="nothing hidden"), known),
    ]


def _results(context: Context) -> list[Result]:
    found = accounts(context)
    rows = [near(Result(name=f"rank correlation with the effects: {ITSELF}", value=found[ITSELF].rank.value, known=1.0,
                        known_name="a list and itself", n=found[ITSELF].n), 1e-9)]
    rows += [Result(name=f"rank correlation with the effects: {name}", value=found[name].rank.value, known=0.0,
                    known_name="no relation", n=found[name].n,
                    interval=(found[name].rank.low, found[name].rank.high)) for name in _SAID]
    rows += [Result(name=f"fall of log p without the word that {name} puts first", value=found[name].fall.value,
                    unit="nats", known=by_chance(context, lambda effect: effect.mean().item()),
                    known_name="a word at random", n=found[name].fall.n,
                    interval=(found[name].fall.low, found[name].fall.high)) for name in (LAST, FIRST)]
    return rows


def _accounts(context: Context) -> Table:
    def cell(value: float, low: float, high: float) -> str:
        return measured(Result(name="", value=value, interval=(low, high)))

    rows = [(name, cell(*each.rank[:3]), f"{100 * each.top:.0f} %", cell(*each.fall[:3]))
            for name, each in accounts(context).items()]
    chance = by_chance(context, lambda effect: 1 / len(effect))
    rows.append(("a word at random", "0", f"{100 * chance:.0f} %",
                 fixed(by_chance(context, lambda effect: effect.mean().item()), 3)))
    return Table(header=("account of what matters", "rank correlation with the effects",
                         "its first word is the one that matters most", "fall of log p without its first word, nats"),
                 rows=tuple(rows), caption=f"Means over {len(seen(context))} held-out sentences with Student's 95 % "
                                           "intervals.")


def _effects(found: AttentionLook) -> Table:
    rows = tuple((word.shown, *(fixed(value.item(), 3) for value in (
        found.blocks[-1].weights[k], found.blocks[0].weights[k], -found.ablation.hidden[k], -found.ablation.deleted[k],
        found.gradient[k], found.through[k]))) for k, word in enumerate(found.words))
    return Table(header=("word", "weight, last block", "weight, first block", "fall of log p, hidden",
                         "fall of log p, cut out", "gradient × input", "rollout"), rows=rows,
                 caption="This sentence, word by word. Hidden: no other token may look at it, in any block. Cut out: "
                         "those after it move up.")


def _deletion(found: AttentionLook) -> Table:
    lost = found.deletion
    rows = [(name, fixed(lost.area(name), 3), number(lost.beaten(name), 2)) for name in lost.curves]
    rows.append(("random orders, mean", fixed(lost.by_chance.mean().item(), 3), "—"))
    return Table(header=("words are hidden in the order of", "mean fall of log p, nats", "p against random orders"),
                 rows=tuple(rows), caption=f"The test by deletion on this sentence, beside {len(lost.random)} random "
                                           "orders.")


def _evidence(context: Context, found: AttentionLook) -> Figure:
    path = context.folder / "figures" / "evidence.png"
    drawn = evidence(found, path, context.provenance(model(context).trained))
    return replace(drawn, path=path.relative_to(context.folder).as_posix())


def _figure(context: Context) -> Figure:
    figure, (left, right) = canvas(9.4, 3.4, 1, 2, gridspec_kw={"width_ratios": (1, 1.15)})
    _scatter(left, context)
    _dots(right, context)
    found = accounts(context)
    return context.figure(figure, "explains", run=model(context).trained,
                          caption="Left: weight of each word in the last block and what hiding it costs. Right: mean "
                                  "rank correlation of each account with the effects, with 95 % intervals.",
                          alt="; ".join(f"{name}: {found[name].rank.value:.2f}" for name in _SAID))


@styled()
def _scatter(axes: "Axes", context: Context) -> None:
    for each in seen(context):
        axes.scatter(each.accounts[LAST].numpy(), each.effect.numpy(), s=8, color=COLORS[0], alpha=0.35, linewidths=0)
    axes.axhline(0, color=KNOWN, linewidth=0.8)
    axes.set(xlabel="weight of a word, last block", ylabel="fall of log p without it, nats")


@styled()
def _dots(axes: "Axes", context: Context) -> None:
    for place, name in enumerate(_SAID):
        rank = accounts(context)[name].rank
        axes.errorbar([rank.value], [place], xerr=[[rank.value - rank.low], [rank.high - rank.value]], marker="o",
                      color=COLORS[5 if name == NEAR else 0], elinewidth=1)
    axes.axvline(0, color=KNOWN, linewidth=1, linestyle=DASHED)
    axes.set_yticks(range(len(_SAID)), _SAID)
    axes.set_ylim(len(_SAID) - 0.5, -0.5)
    axes.set(xlabel="rank correlation with the effects of hiding words")
    axes.grid(visible=False, axis="y")
