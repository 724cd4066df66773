"""S3.3 and S3.5: the graph of a language model and the graph of a tagger, and what both say of independence."""

from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor

from genloom.nn.crf import CRF
from genloom.nn.gpt import GPT, GPTShape
from genloom.nn.tagger import Tagger, TaggerShape, log_prob
from genloom.report.figures import canvas
from genloom.report.numbers import at_most, near, number
from genloom.report.plots import colorbar, density
from genloom.report.results import Figure, Result
from genloom.rng import fold, generator
from genloom.studies.context import Context
from genloom.studies.written.drawn_graphs import directed, factors
from genloom.studies.written.independence import (
    complete,
    conditional_information,
    d_separated,
    edges,
    line,
    separated,
    separations_of_a_line,
    statements,
)
from genloom.studies.written.proof import Checked, Written

COUNT, WORDS = 5, 3
"""Words of a sentence and words that there are, of the language model: 3⁵ sentences."""
PLACES, TAGS, KINDS = 4, 3, 5
"""Places of a sentence, tags, and words that there are, of the tagger."""
_ROUNDING = 1e-12
_FELT = 1e-6  # what a random network's output moves by where it depends on something, and less than by rounding else
_LARGER = 15  # a new network's tables have a deviation of 0.02, at which it says next to nothing


class Sentences(NamedTuple):
    """A language model, written out over all sentences.

    joint   p(w_1 … w_5), one axis for each word
    moves   the most that p(w_n | before) changes with word i alone, (n, i)
    """

    joint: Tensor
    moves: Tensor


@torch.no_grad()
def language_model(seed: int) -> Sentences:
    """A small GPT with random weights that is told a start and then the words, on every sentence there is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 303))
        network = GPT(GPTShape(vocabulary=WORDS + 1, context=COUNT, width=16, blocks=2, heads=2)).double().eval()
    for parameter in network.parameters():
        if parameter.ndim > 1:
            parameter.mul_(_LARGER)
    every = torch.tensor(list(product(range(WORDS), repeat=COUNT)))
    told = torch.cat((torch.full((len(every), 1), WORDS), every[:, :-1]), 1)
    logs = network(told)[..., :WORDS].log_softmax(2)
    shape = [WORDS] * COUNT
    joint = logs.gather(2, every[..., None]).sum((1, 2)).exp().reshape(shape)
    each = logs.exp().reshape(*shape, COUNT, WORDS)
    moves = [(each.amax(i) - each.amin(i)).amax((0, 1, 2, 3, 5)) for i in range(COUNT)]
    return Sentences(joint, torch.stack(moves, 1))


def bigrams(seed: int) -> Tensor:
    """p of a chain of words, each told of the one before alone: random tables."""
    random = generator(seed, 304)
    first, *others = (torch.randn(WORDS, WORDS, generator=random, dtype=torch.float64).softmax(1) for _ in range(COUNT))
    joint = first[0]
    for table in others:
        joint = joint[..., None] * table
    return joint


def check_language_model(context: Context) -> Checked:
    """The arrows as a network has them, its sum over all sentences, and its independences beside the graph's."""
    model, chained = language_model(context.seed), bigrams(context.seed)
    every = list(statements(COUNT))
    told = {name: sum(d_separated(graph, each) for each in every)
            for name, graph in (("complete", complete(COUNT)), ("line", line(COUNT)))}
    hold = {name: [conditional_information(joint, each) for each in every]
            for name, joint in (("complete", model.joint), ("line", chained))}
    later = model.moves.triu()
    return Checked(
        figures=(_language_figure(context, model.moves),),
        results=(
            near(Result(name="arrows: pairs in which a word's distribution changes with another word",
                        value=int((model.moves > _FELT).sum()), known=len(edges(complete(COUNT))),
                        known_name="N (N − 1)/2", tolerance="exactly"), 0.0),
            at_most(Result(name="largest change with the word itself or a later one", value=float(later.max()),
                           known=0.0, known_name="the mask hides them"), _ROUNDING),
            near(Result(name="sum of the probabilities of all sentences", value=float(model.joint.sum()), known=1.0,
                        known_name="a product of conditionals is one", n=WORDS**COUNT), _ROUNDING),
            near(_statements("complete graph: independences that it states", told["complete"], 0, len(every)), 0.0),
            near(_statements("language model: the same that hold", _count(hold["complete"]), 0, len(every)), 0.0),
            near(_statements("line: independences that it states", told["line"], separations_of_a_line(COUNT),
                             len(every)), 0.0),
            near(_statements("chain of bigrams: the same that hold", _count(hold["line"]),
                             separations_of_a_line(COUNT), len(every)), 0.0),
        ),
        text=(f"The network is a GPT with random weights that knows {WORDS} words, written out on all {WORDS**COUNT} "
              f"sentences of {COUNT}. An independence is a pair of words and a set of the others, {len(every)} in "
              "all; it is stated by a graph if the set parts the pair, and it holds if their conditional mutual "
              f"information is below {number(_ROUNDING, 1)} nats. The least that the language model has is "
              f"{number(min(hold['complete']), 2)}: it needs all its arrows. A chain of bigrams beside it shows that "
              "the method finds independences where there are some.",),
    )


def check_tagger(context: Context) -> Checked:
    """Scores beside the factor graph's lines, and independences of tags beside what the graph states."""
    scores, moves, drawn = _scores(context.seed)
    chain = _chain(context.seed)
    every = list(statements(PLACES))
    apart, joined = _scopes(False), _scopes(True)
    known = frozenset(range(PLACES, 2 * PLACES))
    told = {chained: sum(separated(scopes, each._replace(given=each.given | known)) for each in every)
            for chained, scopes in ((False, apart), (True, joined))}
    tags = torch.tensor(list(product(range(TAGS), repeat=PLACES)))
    rows = scores.expand(len(tags), -1, -1)
    shape = [TAGS] * PLACES
    hold = {False: log_prob(rows, tags), True: chain.log_prob(rows, tags)}
    found = {key: [conditional_information(logs.exp().reshape(shape), each) for each in every]
             for key, logs in hold.items()}
    unknown = sum(separated(apart, each) for each in every)
    mixed = [conditional_information(drawn, each) for each in every]
    return Checked(
        figures=(_factor_figure(context),),
        results=(
            near(Result(name="nodes", value=len(frozenset().union(*apart)), known=2.0 * PLACES,
                        known_name="2 N, a word and a tag at each place", tolerance="exactly"), 0.0),
            near(Result(name="lines to words: pairs of a score and a word that it changes with",
                        value=int((moves > _FELT).sum()), known=float(PLACES**2), known_name="N²",
                        tolerance="exactly"), 0.0),
            near(_statements("independences of tags that it states, words known", told[False], len(every), len(every)),
                 0.0),
            near(_statements("the same that hold", _count(found[False]), len(every), len(every)), 0.0),
            near(_statements("independences that it states, words not known", unknown, 0, len(every)), 0.0),
            near(_statements("the same that hold, over all sentences alike", _count(mixed), 0, len(every)), 0.0),
            near(_statements("with a factor for each pair of neighbours: stated", told[True],
                             separations_of_a_line(PLACES), len(every)), 0.0),
            near(_statements("with a factor for each pair of neighbours: that hold", _count(found[True]),
                             separations_of_a_line(PLACES), len(every)), 0.0),
        ),
        text=(f"The scores are those of an encoder with random weights for a sentence of {PLACES} words and {TAGS} "
              f"tags, and p is written out over all {TAGS**PLACES} sequences of tags. With the words known the tags "
              "are independent: p is a product with one factor for each. In the mean over all "
              f"{KINDS**PLACES} sentences they are not, as each tells of the words and so of the others. A linear "
              "chain has a factor for each pair of neighbouring tags, and loses all independences but those that a "
              f"tag between two others makes; two tags tell {number(max(found[True]), 2)} nats of one another at most "
              "here.",),
    )


def _statements(name: str, value: int, known: int, count: int) -> Result:
    said = "none" if known == 0 else "all" if known == count else "Σ (N − 1 − g)(2ᴺ⁻² − 2ᴺ⁻²⁻ᵍ) over gaps g ≥ 1"
    return Result(name=name, value=value, known=known, known_name=said, n=count, tolerance="exactly")


def _count(information: list[float]) -> int:
    return sum(abs(each) < _ROUNDING for each in information)


@torch.no_grad()
def _scores(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Log scores of a random encoder for one sentence, (1, N, V), how much each place's change with each word, and
    p(t_1 … t_4) in the mean over all sentences."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(fold(seed, 305))
        network = Tagger(TaggerShape(words=KINDS, tags=TAGS, context=PLACES, width=16, heads=2)).double().eval()
    for parameter in network.parameters():
        if parameter.ndim > 1:
            parameter.mul_(3)
    words = torch.arange(PLACES) % KINDS
    others = words.repeat(PLACES, 1)
    others[range(PLACES), range(PLACES)] += 1
    scores = network(words[None])
    each = network(torch.tensor(list(product(range(KINDS), repeat=PLACES)))).softmax(2).unbind(1)
    drawn = torch.einsum("sa,sb,sc,sd->abcd", *each) / len(each[0])
    return scores, (network(others) - scores).abs().amax(2).T, drawn


def _chain(seed: int) -> CRF:
    crf, random = CRF(TAGS).double().requires_grad_(False), generator(seed, 306)
    crf.transitions.copy_(torch.randn(TAGS, TAGS, generator=random, dtype=torch.float64))
    return crf


def _scopes(chained: bool) -> list[frozenset[int]]:
    """The variables of each factor: tags are 0 … N − 1, words N … 2N − 1."""
    words = frozenset(range(PLACES, 2 * PLACES))
    neighbours = [frozenset((n, n + 1)) for n in range(PLACES - 1)] if chained else []
    return [words | {n} for n in range(PLACES)] + neighbours


def _language_figure(context: Context, moves: Tensor) -> Figure:
    figure, (left, right) = canvas(9.4, 3.0, 1, 2, width_ratios=(1.9, 1))
    directed(left, complete(COUNT))
    places = range(1, COUNT + 1)
    shown = density(right, places, places, moves.clamp(min=_ROUNDING).log10(), limits=(-3, 0))
    right.set(xlabel="word i that is changed", ylabel="word n that follows", xticks=places, yticks=places)
    right.invert_yaxis()
    right.grid(visible=False)
    colorbar(figure, shown, right, r"$\log_{10}$ of the change of $p(w_n)$")
    return context.figure(
        figure, "language-model",
        caption="Left, the directed graphical model of a decoder-only language model: one node for each word, and an "
                "arrow from each word to every later one. Right, the arrows as a network has them: the largest change "
                "of a word's distribution when another word alone is changed, which is none where it is darkest.",
        alt="Five circles in a line with ten arrows, each from an earlier to a later one; beside them a square matrix "
            "that is bright below its diagonal and dark on and above it")


def _factor_figure(context: Context) -> Figure:
    figure, (left, right) = canvas(9.4, 3.2, 1, 2)
    for axis, chained, title in ((left, False, "p of this question"), (right, True, "with a linear chain")):
        factors(axis, PLACES, chained)
        axis.set_title(title)
    return context.figure(
        figure, "factor-graph",
        caption="The factor graph of the tagger: 2 N nodes, the words, shaded because they are given, and the tags; "
                "and a factor at each place, blue, which holds one tag and all words. Beside it a linear chain, which "
                "adds a factor for each pair of neighbouring tags, orange.",
        alt="Two drawings of four tags above and four words below. Each tag is joined to a square and each square to "
            "all four words; on the right squares also stand between neighbouring tags")


LANGUAGE_MODEL = Written(
    number="S3.3",
    title="The directed graphical model of a decoder-only language model",
    statement=r"A decoder-only Transformer reads a sentence $w_1, \dots, w_N$ and defines $p(w_1, \dots, w_N)$. Draw "
              r"the directed graphical model of this distribution with exactly one node for each word.",
    derivation=(
        r"The network's output at place $n - 1$ is a distribution over the next word. The causal mask lets it see the "
        r"words up to that place and nothing else, so it is a function of $w_1, \dots, w_{n-1}$ that sums to $1$ over "
        r"$w_n$. The model of the sentence is the product of these outputs:",
        r"$$p(w_1, \dots, w_N) = \prod_{n=1}^{N} p(w_n \mid w_1, \dots, w_{n-1})$$",
        r"A directed graphical model is a graph without cycles that says of a distribution that it is a product of one "
        r"factor $p(x_n \mid \text{parents of } x_n)$ for each node. Compare both products: the parents of $w_n$ are "
        r"all words before it. So the graph has an arrow from $w_i$ to $w_n$ for every $i < n$ and no other; in all",
        r"$$0 + 1 + \dots + (N - 1) = \frac{N (N - 1)}{2}$$",
        r"The first word has no parents: $p(w_1)$ is what the network says after a sign for the start, which is always "
        r"the same and so is no variable. Nor is there a node for what is inside the network. Its vectors are "
        r"functions of the words, and nothing in them is left to chance.",
        r"Such a product always sums to $1$. Sum over $w_N$ first: it occurs in the last factor alone, which gives "
        r"$1$. Then $w_{N-1}$ is in the last factor that is left, and so on:",
        r"$$\sum_{w_1} p(w_1) \sum_{w_2} p(w_2 \mid w_1) \cdots \sum_{w_N} p(w_N \mid w_1, \dots, w_{N-1}) = 1$$",
        r"No arrow can be left out. A graph states that two variables are independent given others if these part all "
        r"ways between them (d-separation). Here every two nodes are joined by an arrow, which nothing can part: the "
        r"graph states no independence at all, and it restricts the distribution in no way. By the chain rule of "
        r"probability every distribution is such a product. What a Transformer assumes is in how the conditionals "
        r"share their weights, of which the graph does not tell. An $n$-gram model does assume something, and its "
        r"graph lacks arrows: with bigrams $w_1$ and $w_3$ are independent given $w_2$.",
    ),
    source="problem 2.1; Lauritzen 1996, section 3.2; Radford et al. 2019",
    carried=(("studies.written.graphs.language_model",
              "studies/written/test_graphs.py::test_a_language_model_is_a_product_over_the_complete_graph"),
             ("studies.written.independence.d_separated",
              "studies/written/test_independence.py::test_a_random_product_over_the_graph_has_its_independences_and_no_others"),
             ("nn.gpt.GPT", "nn/test_gpt.py::test_the_future_changes_nothing")),
    check=check_language_model,
)

FACTOR_GRAPH = Written(
    number="S3.5",
    title="The factor graph of the tagger",
    statement=r"Draw the factor graph of the globally normalised distribution $p(t_1, \dots, t_N \mid w_1, \dots, "
              r"w_N)$ of S3.4 with exactly $2N$ nodes, one for each word and one for each tag.",
    derivation=(
        r"A factor graph has a node for each variable and a square for each factor of a product; a square is joined to "
        r"the variables that its factor is a function of. The product is that of S3.4:",
        r"$$p(t_1, \dots, t_N \mid w_1, \dots, w_N) = \frac{1}{Z(w_1, \dots, w_N)} \prod_{n=1}^{N} s_{n,t_n}, \qquad "
        r"s_{n,v} = \exp(\mathbf{W} \mathbf{h}_n + \mathbf{b})_v$$",
        r"Which variables are in factor $n$? Of the tags, $t_n$ alone: it picks one entry of the vector "
        r"$\mathbf{s}_n$. Of the words, all of them: $\mathbf{h}_n$ is the output of an encoder, in which every place "
        r"looks at every other. So there are $N$ squares, and square $n$ has one line to $t_n$ and $N$ lines to $w_1, "
        r"\dots, w_N$: $N (N + 1)$ lines in all. $Z$ is a function of the words alone. These are given, so that it is "
        r"a constant of this distribution, and no square is drawn for it.",
        r"What the graph says is read off by paths. A way from one tag to another leads from $t_n$ over its square to "
        r"a word, and from there to another square and its tag. With the words given every such way is cut:",
        r"$$t_i \perp t_j \mid w_1, \dots, w_N \quad \text{for all } i \ne j$$",
        r"which is what the product says too: with the words fixed, each factor depends on one tag. If the words are "
        r"not given, every way is open. There is no square that holds two tags, and so this model cannot say that a "
        r"tag goes well with its neighbour, whatever the encoder is. A linear chain adds the $N - 1$ squares that can.",
    ),
    source="problem 2.2.b; Kschischang et al. 2001, section II; Lafferty et al. 2001, Fig. 2",
    carried=(("studies.written.independence.separated",
              "studies/written/test_independence.py::test_a_complete_graph_says_nothing_and_a_line_says_what_is_counted"),
             ("nn.tagger.Tagger", "nn/test_tagger.py::test_every_place_is_told_of_every_word"),
             ("nn.crf.CRF", "nn/test_crf.py::test_without_weights_tags_do_not_know_of_one_another")),
    check=check_tagger,
)
