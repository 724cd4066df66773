"""S4.12: classes by their sentences, without a label: a small contrastive model of drawn scenes and captions."""

import math

import numpy as np
import torch

from genloom.data.images.labelsets import NAMES
from genloom.data.scenes.captions import prompts
from genloom.metrics.interval import Interval
from genloom.report.figures import COLORS, DASHED, KNOWN, canvas, styled
from genloom.report.grids import show_grid
from genloom.report.numbers import at_least, fixed, near
from genloom.report.results import Figure, Result, Table
from genloom.studies.context import Context
from genloom.studies.written import pictures_and_sentences as model
from genloom.studies.written.naming import (
    LABELS,
    TASKS,
    Trained,
    accuracy,
    least_loss,
    only,
    supervised,
    swapped,
    trained,
)
from genloom.studies.written.pictures_and_sentences import BATCH, HELD_OUT, SHOWN
from genloom.studies.written.proof import Checked, Written

SCENES, STEPS, EACH = 800, 250, 20
_GOOD, _SHAPE, _NEW = 0.85, 0.75, 0.25


def check(context: Context, *, scenes: int = SCENES, steps: int = STEPS, each: int = EACH) -> Checked:
    """The model on pictures of single objects that it never saw, beside chance and beside classifiers with labels."""
    found = trained(context.seed, scenes, steps, each)
    untrained = model.make_network(context.seed + 1).eval()
    curves = supervised(found, context.seed)
    zero = {task: accuracy(found.network, found.judged, task) for task in TASKS}
    new = accuracy(found.network, only(found.judged, HELD_OUT), "object")
    bound = swapped(found.network, context.seed)
    return Checked(
        results=(*_losses(found), *_accuracies(found, zero, new, accuracy(untrained, found.judged, "object")),
                 *_labels(zero["object"], curves), _swap(bound)),
        figures=(_figure(context, zero["object"], curves), _guessed(context, found)),
        tables=(_table(found, zero, new),),
        text=_text(scenes, zero, new, bound, curves))


def _losses(found: Trained) -> list[Result]:
    mean, floor = float(np.mean(found.fresh)), least_loss()
    error = float(np.std(found.fresh, ddof=1) / len(found.fresh) ** 0.5)
    return [at_least(Result(
        name=f"InfoNCE on fresh pictures and sentences, N = {BATCH}", value=mean, known=floor, unit="nats",
        known_name="E log(1 + B): pictures of the same objects cannot be told apart",
        interval=(mean - 1.96 * error, mean + 1.96 * error), n=len(found.fresh) * BATCH,
        formula="B ~ Binomial(N − 1, p(S))", tolerance="not below it, within 4 standard errors"), floor - 4 * error)]


def _accuracies(found: Trained, zero: dict[str, Interval], new: Interval, untrained: Interval) -> list[Result]:
    known = accuracy(found.network, only(found.judged, SHOWN), "object")

    def said(name: str, each: Interval, classes: int) -> Result:
        return Result(name=name, value=each.value, known=1 / classes, known_name=f"chance, 1/{classes}",
                      interval=(each.low, each.high), n=each.n)

    half = 4 * math.sqrt(1 / 24 * 23 / 24 / untrained.n) * 3  # a constant guess per class is right in bunches
    return [at_least(said("zero-shot: which of 24 objects, those that training shows", known, 24), _GOOD),
            at_least(said("zero-shot: which of 8 colours", zero["colour"], 8), _GOOD),
            at_least(said("zero-shot: which of 3 shapes", zero["shape"], 3), _SHAPE),
            at_least(said(f"zero-shot: which of 24, for the {len(HELD_OUT)} objects that training never shows or "
                          "names", new, 24), _NEW),
            near(said("the same network untrained: which of 24 objects", untrained, 24), half)]


def _labels(zero: Interval, curves: dict[str, list[Interval]]) -> list[Result]:
    pixels = curves["pixels"]
    enough = next((float(n) for n, each in zip(LABELS, pixels, strict=True) if each.value >= zero.value), None)
    return [at_least(Result(
        name="zero-shot: which of 24 objects, all of them", value=zero.value, interval=(zero.low, zero.high), n=zero.n,
        known=pixels[0].value, known_name=f"a classifier of the pixels with {LABELS[0]} labels of each class",
        tolerance=f"more than with {LABELS[0]} labels of each"), pixels[0].value),
        Result(name="labels of each class with which a classifier of the pixels does as well", value=enough,
               known_name="" if enough else f"more than {max(LABELS)}")]


def _swap(each: Interval) -> Result:
    return Result(name="two objects: the right sentence before the one with the colours swapped", value=each.value,
                  known=0.5, known_name="chance, ½", interval=(each.low, each.high), n=each.n)


def _table(found: Trained, zero: dict[str, Interval], new: Interval) -> Table:
    rows = [(task, str(len(TASKS[task])), f"“{prompts(TASKS[task][0])[0]}”", str(len(prompts(TASKS[task][0]))),
             _percent(1 / len(TASKS[task])), _percent(each.value)) for task, each in zero.items()]
    rows.append(("object, held out", "24", f"“{prompts(HELD_OUT[0])[0]}”", str(len(prompts(HELD_OUT[0]))),
                 _percent(1 / 24), _percent(new.value)))
    rows += [(f"  {name}", "24", "", "", "", _percent(accuracy(found.network, only(found.judged, [name]),
                                                               "object").value)) for name in HELD_OUT]
    return Table(header=("task", "classes", "a sentence of a class", "sentences of it", "chance", "right"),
                 rows=tuple(rows), caption=f"Pictures of single objects, {zero['object'].n} of them, none from "
                                           "training. A class is the mean of its sentences; no label was used.")


@styled()
def _figure(context: Context, zero: Interval, curves: dict[str, list[Interval]]) -> Figure:
    figure, (axes,) = canvas(6.4, 3.6)
    for k, (name, each) in enumerate(curves.items()):
        axes.errorbar(LABELS, [100 * one.value for one in each], color=COLORS[k + 1], marker="s^"[k], capsize=2,
                      yerr=[[100 * abs(one.value - one[end]) for one in each] for end in (1, 2)],
                      label=f"logistic regression on {name}")
    axes.axhline(100 * zero.value, color=COLORS[0], label="zero-shot: sentences alone")
    axes.axhspan(100 * zero.low, 100 * zero.high, color=COLORS[0], alpha=0.15, linewidth=0)
    axes.axhline(100 / 24, color=KNOWN, linewidth=1.1, linestyle=DASHED, label="chance")
    axes.set(xscale="log", xlabel="labelled pictures of each of 24 classes", ylabel="right, %", ylim=(0, 103))
    axes.set_xticks(LABELS, [str(count) for count in LABELS])
    axes.minorticks_off()
    axes.legend(loc="lower right")
    return context.figure(
        figure, "zero-shot",
        caption="Which of 24 objects a picture shows: by the nearest sentence, without any label, and by classifiers "
                "that are given labelled pictures.",
        alt="A horizontal line of the zero-shot accuracy, a curve of a classifier of the pixels that rises with the "
            "labels, and above it one of a classifier of the model's features")


@styled()
def _guessed(context: Context, found: Trained) -> Figure:
    some = only(found.judged, (*HELD_OUT, *SHOWN[:6]))
    first = [k for k, (name,) in enumerate(some.names) if k == 0 or some.names[k - 1] != (name,)]
    guessed = model.guesses(found.network, some.pictures[first], NAMES).tolist()
    figure, panels = canvas(8.4, 7.2, 3, 4)
    levels = ((some.pictures[first] + 1) * 127.5).round().to(torch.uint8)
    for axes, picture, row, guess in zip(panels, levels, first, guessed, strict=True):
        name, = some.names[row]
        said = NAMES[guess] if NAMES[guess] == name else f"{NAMES[guess]}, wrong:\na {name}"
        show_grid(axes, picture[None], 1, f"{said} (new)" if name in HELD_OUT else said)
    return context.figure(
        figure, "zero-shot-guesses",
        caption="The nearest of 24 sentences for some pictures. “new”: no picture of training shows such an object and "
                "no sentence names it.",
        alt="Twelve small pictures of coloured solids, each with the name of the class that was guessed above it")


def _text(scenes: int, zero: dict[str, Interval], new: Interval, bound: Interval,
          curves: dict[str, list[Interval]]) -> tuple[str, ...]:
    best = max(each.value for each in curves["pixels"])
    least = least_loss()
    unbound = least_loss(bound=False) - least
    return (
        f"{2 * scenes:,} drawn pictures of one or two objects, each with sentences such as “there is a red block next "
        "to a grey ball”, train two encoders by InfoNCE and nothing else: no class is ever named as one. Then a class "
        "is a sentence, “a picture of a red cube”, which no picture of the training had. Of pictures with one object "
        f"{_percent(zero['object'].value)} are nearest to the right one of 24; a classifier with {max(LABELS)} labels "
        f"of each class on the pixels comes to {_percent(best)}, and one with {LABELS[0]} labels of each on the "
        f"features of this model to {_percent(curves['features of the model'][0].value)}.",
        f"{', '.join(HELD_OUT[:-1])} and {HELD_OUT[-1]} are in no picture and no sentence of the training, but their "
        f"colours and shapes are: {_percent(new.value)} of their pictures are named right. The table has these "
        "objects one by one, and which of them fail changes with the seed. A word that no caption has can name no "
        "class: the sentences are the supervision here.",
        f"Two encoders that are compared by one product need not know which colour goes with which shape. Of {bound.n} "
        f"pictures of two objects {_percent(bound.value)} are nearer to their own sentence than to the one with the "
        "colours swapped, where a coin has 50 %. Training hardly asks for it: most pairs of objects have no such "
        f"counterpart in the captions, and who cannot tell them apart loses {fixed(unbound, 2)} nats where the least "
        f"loss is {fixed(least, 2)}.")


def _percent(share: float) -> str:
    return f"{fixed(100 * share, 0)} %"


ZERO_SHOT = Written(
    number="S4.12",
    title="Classes without labels: CLIP",
    statement="True or false: CLIP cannot classify pictures unless it is trained further on a data set with labels.",
    derivation=(
        r"False. A class can be told to it as a sentence, and the class whose sentence is nearest to the picture is "
        r"the answer. That this is more than a trick follows from what the contrastive loss learns.",
        r"CLIP scores a picture $x$ and a sentence $y$ by $s(x, y) = \tau \, u(x) \cdot v(y)$ with unit vectors $u$ "
        r"and $v$, and minimises InfoNCE from pictures to sentences and from sentences to pictures. By S4.11 the "
        r"first is least for $s = \log r + c(x)$ with $r(x, y) = p(x, y) / (p(x) p(y))$ and any $c$, the second for "
        r"$s = \log r + d(y)$ with any $d$. Both are least together only where $c(x) = d(y)$ for all $x$ and $y$, "
        r"which makes it one constant:",
        r"$$s(x, y) = \log \frac{p(y \mid x)}{p(y)} + c .$$",
        r"Now let $y_1, \dots, y_K$ be sentences, one for each class. That a picture with one of these sentences has "
        r"the $k$-th is, by Bayes' formula,",
        r"$$\begin{align*} p(k \mid x) &= \frac{p(y_k \mid x)}{\sum_j p(y_j \mid x)} \\ &= \frac{p(y_k) \, e^{s(x, "
        r"y_k)}}{\sum_j p(y_j) \, e^{s(x, y_j)}} . \end{align*}$$",
        r"For sentences that are equally common the weights $p(y_k)$ cancel: the softmax of the scores is the "
        r"probability of the classes, and the best guess is the sentence with the highest score, that is with the "
        r"largest $u(x) \cdot v(y_k)$. No label was needed. Seen from the side of the picture, $x \mapsto \tau \, u(x) "
        r"\cdot v(y_k)$ is a linear classifier on the features $u(x)$, and its weights $\tau v(y_k)$ were written by "
        r"the encoder of sentences. Labels would find such weights too; how many it takes is measured below.",
        r"What it takes: the words must have occurred in captions, which are the supervision here. For a sentence "
        r"that never occurred, as one about a red cube where no caption had one, $p(y_k) = 0$ and the loss asks for "
        r"nothing; whether it works depends on how the two encoders put parts together, and has to be measured.",
        r"The least loss. Let the sentences name exactly the set $S$ of objects that a picture shows, in words that "
        r"are drawn without regard to the picture otherwise. Then $r(x, y) = 1 / p(S)$ where picture and sentence "
        r"agree and 0 elsewhere, so among $N$ candidates the best score gives each of those that agree the same "
        r"share. If $B$ of the others agree, the loss is $\log(1 + B)$, and",
        r"$$L^{*} = \sum_S p(S) \, \mathbb{E} \log(1 + B_S), \quad B_S \sim \mathrm{Binomial}(N - 1, p(S)) .$$",
        r"No network has less on fresh pictures, however large it is.",
    ),
    source="problem 3.4; Radford et al. 2021, sections 2.3, 3.1.2 and 3.1.4; the least loss is worked out here",
    carried=(("nn.contrastive.Contrastive", "nn/test_contrastive.py::test_scores_are_products_of_unit_vectors"),
             ("studies.written.pictures_and_sentences.guesses",
              "studies/written/test_pictures_and_sentences.py::test_the_guess_is_the_nearest_mean_of_sentences"),
             ("studies.written.naming.least_loss",
              "studies/written/test_naming.py::test_the_least_loss_is_that_of_the_best_scores")),
    check=check,
)
"""S4.12: false; a sentence is a class."""
