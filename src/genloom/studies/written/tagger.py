"""S3.4: a distribution over sequences of tags that is normalised as a whole, beside a chain and the best there is."""

from itertools import product
from typing import NamedTuple

import torch

from genloom.nn.crf import CRF
from genloom.nn.tagger import log_partition, log_prob
from genloom.report.figures import COLORS, DASHED, canvas, styled
from genloom.report.numbers import at_least, at_most, near, number
from genloom.report.plots import running_mean
from genloom.report.results import Figure, Result, Table
from genloom.rng import generator
from genloom.studies.context import Context
from genloom.studies.written.proof import Checked, Written
from genloom.studies.written.tagger_training import (
    BATCH,
    KINDS,
    LENGTH,
    TESTED,
    Judged,
    Sentences,
    Taught,
    exact,
    floors,
    judged,
    sentences,
    taught,
)
from genloom.studies.written.tagging_task import TAGS, WORDS, language

_PLACES, _VALUES = 5, 4
_ROUNDING = 1e-12
_EXCESS = {"one word": 0.01, "all words": 0.025, "one word, chain": 0.01, "all words, chain": 0.01}
"""Nats for each tag that training may leave: an encoder that must find what a chain is given needs more of it."""
_CLOSE = {"one word": 0.005, "all words": 0.01, "one word, chain": 0.005, "all words, chain": 0.005}
"""Of the chance that a tag is right; where each of the tags of a sentence may be off by so much, so may their sum."""
_SHOWN = 3


class Found(NamedTuple):
    """The four taggers after training, by name, with the exact answers."""

    test: Sentences
    made: dict[str, Taught]
    scores: dict[str, Judged]
    best: dict[str, Judged]
    floors: dict[str, float]


def found(seed: int, count: int = TESTED) -> Found:
    """Train all four and judge them on the same sentences."""
    here = language()
    test = sentences(here, seed, count)
    made = {name: taught(here, kind, seed) for name, kind in KINDS.items()}
    scores = {name: judged(made[name], kind, test) for name, kind in KINDS.items()}
    return Found(test, made, scores, exact(test), floors(test))


def check_tagger(context: Context) -> Checked:
    """All sequences summed, and trained taggers beside the best there are."""
    here = context.once("taggers", lambda: found(context.seed))
    return Checked(results=(*enumerated(context.seed), *_of_training(here)), figures=(_figure(context, here),),
                   tables=(_table(here), _examples(here)), text=_text(here))


def enumerated(seed: int) -> tuple[Result, ...]:
    """Random scores of 5 words and 4 tags, written out over all 4⁵ sequences."""
    random = generator(seed, 307)
    logs = 2 * torch.randn(_PLACES, _VALUES, generator=random, dtype=torch.float64)
    every = torch.tensor(list(product(range(_VALUES), repeat=_PLACES)))
    scores = logs.exp()
    products = scores[torch.arange(_PLACES), every].prod(1)
    rows = logs.expand(len(every), -1, -1)
    p, local = log_prob(rows, every).exp(), logs.softmax(1)[torch.arange(_PLACES), every].prod(1)
    chain = CRF(_VALUES).double().requires_grad_(False)
    chain.transitions.copy_(torch.randn(_VALUES, _VALUES, generator=random, dtype=torch.float64))
    joined, n = chain.log_prob(rows, every).exp(), len(every)
    by_hand = (chain.score(rows, every).logsumexp(0) - chain.log_partition(logs[None])[0]).abs()
    return (
        near(Result(name="sum of (1/Z) Π s over all sequences of tags", value=float(p.sum()), known=1.0, n=n,
                    known_name="a distribution"), _ROUNDING),
        near(Result(name="Z: the sum of all products over the product of the sums",
                    value=float(products.sum() / log_partition(logs[None]).exp()), known=1.0, n=n,
                    known_name="Z = Π Σ s"), _ROUNDING),
        at_most(Result(name="largest difference from the product of softmaxes", value=float((p - local).abs().max()),
                       known=0.0, known_name="the same distribution", n=n), _ROUNDING),
        near(Result(name="the printed factors p(tₙ): what their products sum to before any Z",
                    value=float(local.sum()), known=1.0, n=n, known_name="each is normalised: Z has nothing to do"),
             _ROUNDING),
        near(Result(name="linear chain: sum over all sequences", value=float(joined.sum()), known=1.0, n=n,
                    known_name="a distribution"), _ROUNDING),
        at_most(Result(name="linear chain: log Z by the forward algorithm beside the sum of all", value=float(by_hand),
                       known=0.0, known_name="equal", n=n), _ROUNDING),
    )


def _of_training(here: Found) -> list[Result]:
    results = [at_most(Result(
        name=f"{name}: loss above the least of its kind", value=score.excess, unit="nats a tag", known=0.0,
        known_name="exact posterior of its kind", n=len(here.test.words)), _EXCESS[name])
        for name, score in here.scores.items()]
    for name, score in here.scores.items():
        best = here.best["chain" if KINDS[name].chained else name]
        results.append(at_least(Result(name=f"{name}: chance that a tag is right", value=score.tags, known=best.tags,
                                       known_name="exact posterior", n=len(here.test.words)), best.tags - _CLOSE[name]))
        results.append(near(Result(name=f"{name}: chance that a sentence is right", value=score.whole,
                                   known=best.whole, known_name="exact posterior, chosen alike",
                                   n=len(here.test.words)), LENGTH * _CLOSE[name]))
    gap = here.floors["all words"] - here.floors["all words, chain"]
    results.append(at_least(Result(
        name="what tags tell of one another when all words are known", value=gap, unit="nats a tag", known=0.0,
        known_name="if tags were independent given the words", formula="(Σ H(tₙ | w) − H(t₁, t₂, … | w))/N",
        n=len(here.test.words), tolerance="at least 0.05, so that they are not"), 0.05))
    return results


def _table(here: Found) -> Table:
    rows = [(name, number(here.floors[name] + score.excess), number(here.floors[name]), *_shares(score))
            for name, score in here.scores.items()]
    rows += [(f"exact: {name}", "—", number(here.floors["all words, chain" if name == "chain" else name]),
              *_shares(score)) for name, score in here.best.items()]
    return Table(header=("tagger", "loss", "least", "tags right", "sentences right", "impossible sentences"),
                 rows=tuple(rows),
                 caption=f"Losses in nats for each tag on {len(here.test.words)} sentences of {LENGTH} words. Exact: "
                         "the posterior of the language itself, told one word, told all words and choosing tag by tag, "
                         "and choosing whole sentences.")


def _shares(score: Judged) -> tuple[str, str, str]:
    return f"{score.tags:.2%}", f"{score.whole:.2%}", f"{score.impossible:.2%}"


def _examples(here: Found) -> Table:
    words, taggers = here.test.words, here.made
    apart, joined = taggers["all words"].best(words), taggers["one word, chain"].best(words)
    first = (here.test.chance(apart) == 0).nonzero()[:_SHOWN, 0].tolist()
    rows = []
    for k in first:
        for n in range(LENGTH):
            names = [TAGS[int(tags[k, n])] for tags in (apart, joined, here.test.tags)]
            rows.append((WORDS[int(words[k, n])], *names))
        rows.append(("", "", "", ""))
    return Table(header=("word", "all words", "one word, chain", "in truth"), rows=tuple(rows[:-1]),
                 caption="The first sentences to which the tagger without a chain gives tags that cannot follow one "
                         "another: each is the likeliest at its place.")


@styled()
def _figure(context: Context, here: Found) -> Figure:
    figure, (axes,) = canvas(7.4, 3.9)
    for k, (name, made) in enumerate(here.made.items()):
        losses = running_mean(made.losses, 25)
        axes.plot(range(1, len(losses) + 1), losses, color=COLORS[k], label=name)
    floor = {r"$\Sigma_n\, H(t_n \mid w_n)/N$": "one word", r"$\Sigma_n\, H(t_n \mid w)/N$": "all words",
             r"$H(t_1, \dots, t_N \mid w)/N$": "one word, chain"}
    for k, (said, name) in enumerate(floor.items()):
        axes.axhline(here.floors[name], color=COLORS[k], linestyle=DASHED, linewidth=1.1)
        axes.annotate(said, (axes.get_xlim()[1], here.floors[name]), xytext=(-2, -3), textcoords="offset points",
                      ha="right", va="top", fontsize=8.5)
    low, high = min(here.floors.values()), max(here.floors.values())
    axes.set(xlabel="step", ylabel="−log p(tags | words), nats a tag",
             ylim=(low - 0.3 * (high - low), high + 1.2 * (high - low)))
    axes.legend(loc="upper right")
    return context.figure(
        figure, "taggers",
        caption="The loss of four taggers over their training, means of 25 steps. Dashed, the least that each kind can "
                "have: tags by one word, by all words, and by all words together.",
        alt="Four falling curves that end on three dashed lines or just above them; those with a chain end on the "
            "lowest one")


def _text(here: Found) -> tuple[str, ...]:
    apart, joined, floor = here.scores["all words"], here.scores["one word, chain"], here.floors
    single, steps = here.best["all words"], [kind.steps for kind in KINDS.values()]
    return (
        "The language is a hidden Markov model of five tags and thirteen words, most of which can be several tags "
        "(\"light\" is an adjective, a noun or a verb), so the posterior of the tags is known exactly. Four taggers "
        f"were trained on {min(steps)} to {max(steps)} batches of {BATCH} sentences: scores told of one word or of "
        "all, and tags apart or joined by a linear chain.",
        "Without a chain the best that can be reached is the sum of the tags' own entropies, "
        f"{number(floor['all words'])} nats a tag; together they have {number(floor['all words, chain'])}, as tags "
        "tell of one another even when all words are known. The encoder's tagger chooses single tags nearly as well as "
        f"the exact posterior does, {apart.tags:.1%} of them right against {single.tags:.1%}. It is whole sentences "
        f"that it gets wrong: {apart.impossible:.1%} of its answers hold two tags that never follow one another, as do "
        f"{single.impossible:.1%} of the exact choices of single tags; and {apart.whole:.1%} are right, against "
        f"{joined.whole:.1%} with the chain.",
        "A chain over scores that are told of one word alone has the least loss too, with no encoder at all: given its "
        "words, a hidden Markov model is such a chain. Where neighbouring tags are all there is to know, the chain is "
        "the right model; an encoder is for what is further away.",
    )


TAGGER = Written(
    number="S3.4",
    title="A globally normalised tagger",
    statement=r"An encoder-only Transformer gives a vector $\mathbf{h}_n$ for each word $w_n$, and from it scores "
              r"$\mathbf{s}_n = \exp(\mathbf{W} \mathbf{h}_n + \mathbf{b})$ of the $V$ tags. Define with these scores "
              r"a distribution $p(t_1, \dots, t_N \mid w_1, \dots, w_N)$ over sequences of tags that is normalised "
              r"globally, not locally.",
    derivation=(
        r"A sequence is scored by the product of the scores of its tags, and the distribution is proportional to it. "
        r"One number makes it one: $Z$, the sum over all $V^N$ sequences.",
        r"$$p(t_1, \dots, t_N \mid w_1, \dots, w_N) = \frac{1}{Z} \prod_{n=1}^{N} s_{n,t_n}, \qquad Z = "
        r"\sum_{v_1=1}^{V} \cdots \sum_{v_N=1}^{V} \prod_{n=1}^{N} s_{n,v_n}$$",
        r"It is a distribution: each $s_{n,v} = \exp(\cdot)$ is positive, so $p > 0$ and $Z > 0$, and the sum of $p$ "
        r"over all sequences is $Z/Z = 1$. No factor needs to be a probability by itself.",
        r"The sum has $V^N$ terms, and yet it is cheap. Each factor has an index of its own, so the factors that do "
        r"not have $v_N$ can be taken out of the sum over $v_N$, and so on:",
        r"$$\begin{align*} Z &= \sum_{v_1} \cdots \sum_{v_{N-1}} \Bigl( \prod_{n=1}^{N-1} s_{n,v_n} \Bigr) \sum_{v_N} "
        r"s_{N,v_N} \\ &= \Bigl( \sum_{v_1} \cdots \sum_{v_{N-1}} \prod_{n=1}^{N-1} s_{n,v_n} \Bigr) \Bigl( "
        r"\sum_{v=1}^{V} s_{N,v} \Bigr) = \dots = \prod_{n=1}^{N} \sum_{v=1}^{V} s_{n,v} \end{align*}$$",
        r"That is $N V$ terms. In code it is $\log Z = \sum_n \log \sum_v \exp(\mathbf{W} \mathbf{h}_n + "
        r"\mathbf{b})_v$, a sum of logsumexp, so that no exponential overflows.",
        r"Put $Z$ in. What is normalised globally is, for these scores, the product of softmaxes:",
        r"$$p(t_1, \dots, t_N \mid w_1, \dots, w_N) = \prod_{n=1}^{N} \frac{s_{n,t_n}}{\sum_v s_{n,v}}$$",
        r"Global and local normalisation agree because no score is a function of two tags. They part as soon as one "
        r"is. A linear chain gives each pair of neighbouring tags a score $\exp(T_{u,v})$ as well,",
        r"$$p(t_1, \dots, t_N \mid w_1, \dots, w_N) = \frac{1}{Z} \prod_{n=1}^{N} s_{n,t_n} \prod_{n=2}^{N} "
        r"\exp(T_{t_{n-1},t_n})$$",
        r"and its $Z$ is no product of sums over single tags. But it still is a sum that can be taken one index at a "
        r"time: let $\alpha_n(v)$ be the sum of all products up to place $n$ that end in tag $v$. Then",
        r"$$\alpha_1(v) = s_{1,v}, \qquad \alpha_n(v) = s_{n,v} \sum_{u=1}^{V} \alpha_{n-1}(u) \exp(T_{u,v}), \qquad Z "
        r"= \sum_{v=1}^{V} \alpha_N(v)$$",
        r"which takes $N V^2$ terms. With a maximum in place of the sum it finds the most probable sequence. With $T = "
        r"0$ it is the distribution above.",
    ),
    erratum=r"It writes $\frac{1}{Z} \prod_n p(t_n \mid \mathbf{s}_1, \dots, \mathbf{s}_N)$ without saying what $p(t_n "
            r"\mid \cdot)$ is. If these are probabilities, their product is normalised place by place, all products "
            r"together sum to $1$ already, and $Z = 1$ normalises nothing; and the scores, which the question asks "
            r"for, do not occur. With $s_{n,t_n}$ in their place, and $Z$ the sum over sequences of tags and not over "
            r"single ones, it is right.",
    source="problem 2.2.a; Lafferty et al. 2001, section 3; Andor et al. 2016, section 3",
    carried=(("nn.tagger.log_prob", "nn/test_tagger.py::test_probabilities_of_all_sequences_sum_to_1"),
             ("nn.tagger.log_partition",
              "nn/test_tagger.py::test_it_is_a_chain_without_neighbours_and_the_product_of_softmaxes"),
             ("nn.crf.CRF", "nn/test_crf.py::test_the_partition_function_is_the_sum_over_all_sequences")),
    check=check_tagger,
)
