"""S4.10: how much to hide, on a chain whose answer is known, on text and on photographs."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.data.images.photographs import WORDS, photographs
from genloom.nn.encoder import EncoderShape
from genloom.nn.masked import MaskedTransformer, hide
from genloom.report import results as report
from genloom.report.figures import COLORS, DASHED, GRAY, KNOWN, MARKERS, canvas, styled
from genloom.report.grids import rows_figure
from genloom.report.numbers import at_least, at_most, fixed, near
from genloom.report.results import Figure, Result
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written import hiding
from genloom.studies.written.hiding import CHAIN, LETTERS, LEVELS, PLACES, SIDE, Filled, Kind
from genloom.studies.written.proof import Checked, Written
from genloom.studies.written.sticky import Sticky

STEPS = {"chain": 150, "text": 350, "photographs": 150}
BERT, MAE = 0.15, 0.75
"""The rates of the two methods. [Devlin et al. 2019, section 3.1; He et al. 2022, section 3]"""
_WINDOWS = 1024
_DRAWS = 4096
_EXCESS = 0.12  # bits that the network may lack of the best fill of the chain
_KEEPS, _LOSES = 0.8, 0.5  # of what is known at 15 %, what must be left at 75 % of photographs, and may be of text
_SHOWN = (BERT, 0.45, MAE, 0.9)
_TOP, _LEFT = 90, 136  # corner of a piece of 48 × 48 in the kept part of each photograph
_HOLE = torch.tensor([86, 180, 233], dtype=torch.uint8)
_KEPT = (0.5, 0.8, 0.9, 0.97)


class Learned(NamedTuple):
    """A network of one kind of data, and what it fills at each rate."""

    kind: Kind
    network: MaskedTransformer
    rows: list[Filled]

    def at(self, rate: float) -> Filled:
        """The row of a rate."""
        return next(row for row in self.rows if row.rate == rate)

    @property
    def left(self) -> float:
        """What is known at 75 % as a share of what is known at 15 %."""
        return self.at(MAE).network.value / self.at(BERT).network.value


def check(context: Context, *, steps: dict[str, int] | None = None, windows: int = _WINDOWS,
          shape: EncoderShape | None = None) -> Checked:
    """One network for each kind of data, which fills at every rate, beside plainer fills and the best of the chain."""
    found = {kind.name: learned(kind, (steps or STEPS)[kind.name], windows, context.seed, shape)
             for kind in (hiding.chain(), hiding.letters(), hiding.pictures())}
    text, grey = found["text"], found["photographs"]
    return Checked(
        results=(*_chain_results(found["chain"], context.seed), *_plain(text), *_plain(grey), *_compared(text, grey)),
        figures=(_figure(context, found), _fills(context, grey)),
        tables=(_table(found), _written(text, context.seed)),
        text=(
            f"Windows of {PLACES} tokens: letters of the documentation inside Python, squares of {SIDE} × {SIDE} "
            f"pixels in {LEVELS} levels of grey of {WORDS}, and a chain in which a token repeats the one before it "
            f"with probability {CHAIN.keep:g}. One network for each is trained at all rates at once, and judged on "
            "parts of the data that were kept. The measure is one for all: the share of a hidden token's entropy that "
            "the visible ones tell.",
            f"Hiding {BERT:.0%} of a text leaves {_percent(1 - text.at(BERT).network.value)} of a letter's entropy to "
            f"be found, hiding {MAE:.0%} leaves {_percent(1 - text.at(MAE).network.value)}; of photographs it is "
            f"{_percent(1 - grey.at(BERT).network.value)} and {_percent(1 - grey.at(MAE).network.value)}. A single "
            f"neighbour, without any network, tells {_percent(grey.at(BERT).neighbour.value)} of a pixel. These are "
            "letters and pixels where BERT hides pieces of words and MAE squares of 16 × 16 pixels, which are harder; "
            "what carries over is the order of the two kinds of data and its reason, not the percentages."))


def learned(kind: Kind, steps: int, windows: int, seed: int, shape: EncoderShape | None = None) -> Learned:
    """A network trained for this many steps, and judged."""
    network = hiding.train(kind, steps, seed, shape)
    return Learned(kind, network, hiding.judge(network, kind, seed, count=windows))


def _chain_results(chain: Learned, seed: int) -> list[Result]:
    found = []
    for number_, rate in enumerate((BERT, MAE)):
        random = generator(seed, 141, number_)
        x = CHAIN.draw(_DRAWS, PLACES, random)
        hidden = hide((_DRAWS, PLACES), rate, random)
        drawn = hiding.bits(CHAIN.loss(x, hidden), hidden)
        exact = CHAIN.expected_loss(rate, PLACES) / math.log(2)
        found.append(near(Result(
            name=f"chain, {rate:.0%} hidden: −log p of the best fill, on draws", value=drawn.value, known=exact,
            known_name="H(xᵢ | visible), summed over the distances of the nearest neighbours", unit="bits",
            interval=(drawn.low, drawn.high), n=drawn.n, seeds=(seed,), tolerance="within 4 standard errors"),
            4 * (drawn.high - drawn.low) / 3.92))
    for rate in (BERT, MAE):
        excess = chain.at(rate).excess
        assert excess is not None
        found.append(at_most(Result(
            name=f"chain, {rate:.0%} hidden: what the network lacks of the best fill", value=excess.value, known=0.0,
            known_name="Bayes' formula, on the same windows", unit="bits", interval=(excess.low, excess.high),
            n=excess.n), _EXCESS))
    return found


def _plain(kind: Learned) -> list[Result]:
    """The network beside the counts of one neighbour, at BERT's rate."""
    row = kind.at(BERT)
    return [at_least(Result(
        name=f"{kind.kind.name}, {BERT:.0%} hidden: share of a token's entropy that the network finds",
        value=row.network.value, known=row.neighbour.value, known_name="the nearest visible token alone, by counting",
        interval=(row.network.low, row.network.high), n=row.network.n, tolerance="at least the known one's"),
        row.neighbour.value)]


def _compared(text: Learned, grey: Learned) -> list[Result]:
    return [
        at_least(Result(name=f"photographs: what is known at {MAE:.0%} as a share of what is at {BERT:.0%}",
                        value=grey.left, known=1.0, known_name="nothing is lost: a chain whose tokens repeat for ever"),
                 _KEEPS),
        at_most(Result(name=f"text: what is known at {MAE:.0%} as a share of what is at {BERT:.0%}", value=text.left,
                       known=grey.left, known_name="that of photographs"), _LOSES),
        at_least(Result(name=f"photographs, {MAE:.0%} hidden: share of a pixel's entropy that the network finds",
                        value=grey.at(MAE).network.value, known=text.at(BERT).network.value, n=grey.at(MAE).network.n,
                        interval=(grey.at(MAE).network.low, grey.at(MAE).network.high),
                        known_name=f"that of a letter with {BERT:.0%} of the text hidden",
                        tolerance="more than the known one"), max(0.0, text.at(BERT).network.high))]


def _table(found: dict[str, Learned]) -> report.Table:
    rows = [(each.kind.name, f"{row.rate:.0%}", _percent(row.network.value), _percent(row.neighbour.value),
             "—" if row.best is None else _percent(CHAIN.known_share(row.rate, PLACES)))
            for each in found.values() for row in each.rows]
    return report.Table(
        header=("data", "hidden", "network", "nearest visible token", "best"), rows=tuple(rows),
        caption="Share of a hidden token's entropy that is found from the visible ones; nothing beyond the shares of "
                "tokens is 0, certainty 100 %. The nearest visible token is looked up in a table of counts. The best "
                "is known of the chain, in closed form.")


def _written(text: Learned, seed: int) -> report.Table:
    """One line of the text that was kept, hidden and filled."""
    x = text.kind.test(1, generator(seed, 142))
    rows = [("as it is", "", _letters(x[0]))]
    for number_, rate in enumerate((BERT, MAE)):
        hidden = hide((1, PLACES), rate, generator(seed, 143, number_))
        with torch.no_grad():
            guess = torch.where(hidden, text.network(x, hidden).argmax(-1), x)[0]
        rows += [("hidden", f"{rate:.0%}", "".join("□" if h else letter for h, letter in
                                                   zip(hidden[0].tolist(), _letters(x[0]), strict=True))),
                 ("filled", f"{rate:.0%}", _letters(guess))]
    return report.Table(header=("line", "rate", "text"), rows=tuple(rows),
                        caption="A window of the kept text: each □ is filled with the likeliest letter. A dot is a "
                                "blank; digits and signs are #.")


def _letters(tokens: Tensor) -> str:
    return "".join(LETTERS[token] for token in tokens.tolist()).replace(" ", "·")


@styled()
def _figure(context: Context, found: dict[str, Learned]) -> Figure:
    figure, (left, right) = canvas(9.2, 3.9, 1, 2, sharey=True)
    grid = torch.linspace(0.01, 0.99, 50).tolist()
    for keep in _KEPT:
        shares = [100 * Sticky(keep).known_share(rate, PLACES) for rate in grid]
        left.plot([100 * rate for rate in grid], shares, color=KNOWN if keep == CHAIN.keep else GRAY, linewidth=1.1,
                  linestyle=DASHED)
        left.annotate(f"λ = {keep:g}", (1, shares[0]), xytext=(2, 3), textcoords="offset points", fontsize=8)
    for k, (name, each) in enumerate(found.items()):
        axes = left if name == "chain" else right
        shown = {"network": [row.network for row in each.rows], "nearest": [row.neighbour for row in each.rows]}
        for way, values in shown.items():
            solid = way == "network"
            axes.errorbar([100 * row.rate for row in each.rows], [100 * each.value for each in values],
                          yerr=[50 * (each.high - each.low) for each in values], color=COLORS[k],
                          marker=MARKERS[k] if solid else None, linestyle="-" if solid else (0, (1, 1.5)),
                          elinewidth=0.8, label=f"{name}, network" if solid else f"{name}, one neighbour")
    for rate, name in ((BERT, "BERT"), (MAE, "MAE")):
        right.axvline(100 * rate, color=GRAY, linewidth=0.8)
        right.annotate(name, (100 * rate, 100), xytext=(3, 0), textcoords="offset points", fontsize=8.5, va="top")
    left.set(xlabel="hidden, %", ylabel="known of a hidden token, %", ylim=(0, 102), title="a chain, λ its redundancy")
    right.set(xlabel="hidden, %", title="text and photographs")
    left.legend(loc="lower left")
    right.legend(loc="upper center", bbox_to_anchor=(0.53, 0.99))
    return context.figure(
        figure, "mask-rates",
        caption="How much of a hidden token the visible ones tell. Left, a chain: dashed the best that is possible, "
                "for several redundancies; where tokens repeat long, a high rate takes little away. Right, letters, "
                "which are lost early, and pixels, which are known from their neighbours nearly to the end.",
        alt="Left, dashed curves that fall the later the larger λ is, with a trained network on one of them; right, "
            "the curve of photographs stays high beyond 75 % hidden, that of text is low and falls from the start")


@styled()
def _fills(context: Context, grey: Learned) -> Figure:
    """Pieces of the kept part, tile by tile: what is visible at several rates, and what the network says."""
    tiles, steps = 8, 255 // (LEVELS - 1)
    kept = photographs(2)[:, _TOP : _TOP + tiles * SIDE, _LEFT : _LEFT + tiles * SIDE]
    piece = (kept // (256 // LEVELS)).long()
    x = piece.unfold(1, SIDE, SIDE).unfold(2, SIDE, SIDE).reshape(-1, PLACES)
    columns: list[tuple[Tensor, Tensor]] = [(_coloured(piece * steps), _coloured(piece * steps))]
    for k, rate in enumerate(_SHOWN):
        hidden = hide((len(x), PLACES), rate, generator(context.seed, 144, k))
        with torch.no_grad():
            levels = (grey.network(x, hidden).softmax(-1) @ torch.arange(float(LEVELS))).round().long()
        holes = _coloured(piece * steps)
        holes.movedim(1, -1)[_whole(hidden, tiles)] = _HOLE
        columns.append((holes, _coloured(_whole(torch.where(hidden, levels, x) * steps, tiles))))
    rows = {f"{name}{' ' * k}": torch.stack([column[part][k] for column in columns])
            for k in range(len(piece)) for part, name in enumerate(("hidden", "filled"))}
    figure = rows_figure(rows, ("true", *(f"{rate:.0%}" for rate in _SHOWN)), cell=1.2)
    return context.figure(
        figure, "mask-fills",
        caption=f"A piece of the kept part of each photograph as {tiles} × {tiles} windows that are hidden (blue) at "
                "four rates and filled one by one, each hidden pixel with its expected level.",
        alt="Pieces of two photographs, each in two rows and five columns: true, then hidden and filled at 15, 45, "
            "75 and 90 %; the filled ones look like the true ones up to 45 % and are blotchy from 75 % on")


def _coloured(levels: Tensor) -> Tensor:
    """Grey levels (P, H, W) as colours, uint8 (P, 3, H, W)."""
    return levels.to(torch.uint8)[:, None].repeat(1, 3, 1, 1)


def _whole(tiles: Tensor, count: int) -> Tensor:
    """(P · count², 36) → (P, 6 count, 6 count)."""
    return tiles.view(-1, count, count, SIDE, SIDE).permute(0, 1, 3, 2, 4).reshape(-1, count * SIDE, count * SIDE)


def _percent(share: float) -> str:
    return f"{fixed(100 * share, 0)} %"


RATE = Written(
    number="S4.10",
    title="How much to hide: BERT and MAE",
    statement="True or false: a good pretraining task is essential for unsupervised learning; BERT and MAE both "
              "predict parts of their input from the rest of it, and MAE hides the same share of it as BERT does.",
    derivation=(
        r"False, by its last part. BERT chooses 15 % of the tokens of a text (of which it hides 80 %, changes 10 % and "
        r"leaves 10 % as they are), MAE hides 75 % of the patches of a picture. Both do predict what they chose from "
        r"the rest. Why the rates differ so much can be derived.",
        r"Let $X_1, \dots, X_L$ be what stands at $L$ places, each of which is hidden with probability $r$, "
        r"independently, and let $V$ be the visible places. A network that gives $q(x_i \mid x_V)$ for a hidden place "
        r"pays $-\log q(X_i \mid X_V)$. By Gibbs' inequality its mean is least for the true conditional law, so that "
        r"no network comes below",
        r"$$h(r) = \mathbb{E}_V \, H(X_i \mid X_V) .$$",
        r"This floor rises with $r$. Give each place a number $U_j$, uniform on $[0, 1]$, and let it be visible at "
        r"rate $r$ if $U_j \ge r$: then a higher rate shows a part $A$ of the places $B$ that a lower one shows, and",
        r"$$H(X_i \mid X_A) - H(X_i \mid X_B) = I(X_i; X_{B \setminus A} \mid X_A) \ge 0 .$$",
        r"So $h$ goes from $H(X_i \mid \text{all others})$ at $r = 0$ up to $H(X_i)$ at $r = 1$, and $g(r) = 1 - h(r) "
        r"/ h(1)$ is the share of what is hidden that the rest tells. Where $g$ is near 1 the task is solved by "
        r"copying what is next to the hole; where it is near 0 there is nothing to learn from. In between lies a task "
        r"from which something can be learned, and redundancy decides at which $r$ that is.",
        r"An example with every number known: a chain in which each token repeats the one before it with probability "
        r"$\lambda$ and is else drawn anew from $v$ equally likely ones. With the matrix $J$ of entries $1/v$ one "
        r"step is $P = \lambda \, \mathrm{Id} + (1 - \lambda) J$, and since $J J = J$, by induction,",
        r"$$P^a = \lambda^a \, \mathrm{Id} + (1 - \lambda^a) J .$$",
        r"Given the nearest visible tokens, $a$ places to the left and $b$ to the right, those behind them tell "
        r"nothing more (the Markov property), and by Bayes' formula",
        r"$$p(x_0 = k \mid x_{-a} = l, x_b = m) = \frac{P^a_{lk} \, P^b_{km}}{P^{a+b}_{lm}} .$$",
        r"The distance to the nearest visible token is $d$ with probability $(1 - r) r^{d-1}$, on either side "
        r"independently, so in a long chain",
        r"$$h(r) = \sum_{a \ge 1} \sum_{b \ge 1} (1 - r)^2 \, r^{a + b - 2} \, H(X_0 \mid X_{-a}, X_b) .$$",
        r"The mean distance is $1 / (1 - r)$, and a token is kept over $d$ places with probability $\lambda^d \ge 1 - "
        r"d (1 - \lambda)$. So the task stays easy as long as $1 / (1 - r)$ is small beside $1 / (1 - \lambda)$, the "
        r"mean length of a run. From a rate of 15 % to one of 75 % the mean distance grows from 1.2 to 4 places: runs "
        r"that are 3.4 times as long allow it. Pixels repeat their neighbours over many places. Words hardly do, and "
        r"when most of them are hidden what is left does not say which ones.",
    ),
    source="problem 3.2; Devlin et al. 2019, section 3.1; He et al. 2022, sections 1 and 3; the chain is worked out "
           "here",
    carried=(("studies.written.sticky.Sticky",
              "studies/written/test_sticky.py::test_the_expected_loss_is_the_sum_over_all_words"),
             ("nn.masked.MaskedTransformer", "nn/test_masked.py::test_a_hidden_token_is_not_looked_at")),
    check=check,
)
"""S4.10: false; the rate follows the redundancy."""
