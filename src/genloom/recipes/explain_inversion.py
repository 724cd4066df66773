"""What is seen in an inversion lab, in words, and why it failed where it did."""

import torch
from torch import Tensor

from genloom.autoregressive.tokenizer import Tokenizer
from genloom.recipes.explain_attention import percent
from genloom.recipes.invert_gpt import Inverted, interval, retyped
from genloom.report.numbers import fixed

HOW = {"outputs": "at the vectors' own outputs, AR(v)[i] = s[i]", "continuation": "in what the model says after them"}


def paragraphs(found: Inverted, tokenizer: Tokenizer) -> tuple[str, ...]:
    """What was reached, how far it is from any text, and what stood in the way."""
    texts = [_reached(found), _distance(found, tokenizer)]
    if found.control is not None:
        texts.append(_control(found))
    if found.exact < len(found.found.exact):
        texts.append(_failed(found))
    return (*texts, *(_searched(found, number, tokenizer) for number in range(len(found.searches))))


def _text(tokenizer: Tokenizer, tokens: Tensor) -> str:
    """The text of tokens in one line."""
    return tokenizer.decode(tokens.tolist()).replace("\n", "⏎")


def _reached(found: Inverted) -> str:
    inversion, (low, high) = found.found, found.interval
    steps = "" if found.steps is None else f", after {found.steps:.0f} steps (median)"
    return (f"{found.exact} of {len(inversion.exact)} starts end in vectors of which the frozen model says "
            f"“{found.text}” exactly, read {HOW[found.plan.reading]}{steps}; 95 % interval of that share "
            f"{percent(low)} to {percent(high)}. {inversion.vectors.shape[1]} vectors stand for {len(found.pieces)} "
            f"tokens. Alone, the sentence has log p = {fixed(found.before.mean().item(), 2)} nats a token; with the "
            f"vectors {fixed(inversion.log_probs.mean().item(), 2)}.")


def _distance(found: Inverted, tokenizer: Tokenizer) -> str:
    best = int(found.found.log_probs.mean(1).argmax())
    text = _text(tokenizer, found.near.tokens[best])
    then = _text(tokenizer, found.spoken[best])
    norm = found.near.norms.mean().item() / found.scale.norm
    return (f"The vectors are no words: they lie {fixed(found.away.mean().item(), 2)} times as far from the nearest "
            f"token as tokens lie from one another, and are {fixed(norm, 2)} times as long. The nearest tokens of the "
            f"best start read “{text}”; of them the model says “{then}”. The sentence survives in "
            f"{int(found.survives.sum())} of {len(found.survives)} starts; log p falls to "
            f"{fixed(found.stands.log_probs.mean().item(), 2)} nats a token.")


def _control(found: Inverted) -> str:
    assert found.control is not None
    exact, count = int(found.control.exact.sum()), len(found.control.exact)
    low, high = interval(found.control)
    more = ("as often as the sentence itself, so that to be reached says little of what the model knows"
            if exact >= found.exact
            else "less often than the sentence, whose order helps")
    return (f"The same tokens in random order, which are no sentence, are reached from {exact} of {count} starts "
            f"({percent(low)} to {percent(high)}): {more}.")


def _failed(found: Inverted) -> str:
    missing = (~found.found.exact).nonzero()[:, 0]
    return (f"{len(missing)} starts are not exact after {len(found.found.curve) - 1} steps. "
            f"{_worst(found, found.found.log_probs[missing], found.found.ranks[missing])} "
            + ("Later tokens are said after the sentence's own, which weigh more than vectors before them: the model "
               "would have to be pulled off what it has learned to follow each of them. More vectors (--length) pull "
               "harder." if found.plan.reading == "continuation" else
               "Each vector has an output of its own, so more steps or another rate should do."))


def _worst(found: Inverted, log_probs: Tensor, ranks: Tensor) -> str:
    """The token of the sentence that stands worst."""
    behind = ranks.double().mean(0)
    k, right = int(behind.argmax()), (ranks == 0).double().mean().item()
    return (f"{percent(right)} of the tokens are right; worst stands token {k + 1}, “{found.pieces[k].strip()}”: "
            f"{fixed(behind[k].item(), 0)} others are likelier, log p = {fixed(log_probs[:, k].mean().item(), 2)} "
            "(means).")


def _searched(found: Inverted, number: int, tokenizer: Tokenizer) -> str:
    each = found.searches[number]
    prompt, says = _text(tokenizer, each.tokens), _text(tokenizer, each.spoken)
    start = "the nearest tokens" if number == 0 else "random tokens"
    head = f"Search {number + 1}, from {start},"
    if each.exact:
        typed = "can be typed" if retyped(each, tokenizer) else "cannot be typed: its text is read as other tokens"
        return (f"{head} found after {each.steps} exchanges that the prompt “{prompt}” makes the model say the "
                f"sentence. It {typed}, and holds {percent(each.copied)} of the sentence's tokens itself.")
    gap = found.found.log_probs.mean(1).max().item() - each.log_probs.mean().item()
    return (f"{head} did not get there in {len(each.curve) - 1} exchanges: the best prompt is “{prompt}”, and of it "
            f"the model says “{says}”. {_worst(found, each.log_probs[None], each.ranks[None])} Vectors reach "
            f"{fixed(gap, 2)} nats a token more: of {prompts_of_this_length(found, tokenizer)} prompts few were tried, "
            "a token cannot be moved by a little, and the slope at one token says little about another that is far "
            "away.")


def prompts_of_this_length(found: Inverted, tokenizer: Tokenizer) -> str:
    """How many prompts of this length there are, as a power of ten.

    V^L = 10^(L log10 V)
    """
    power = found.found.vectors.shape[1] * torch.tensor(float(tokenizer.vocabulary)).log10().item()
    return f"10^{power:.0f}"
