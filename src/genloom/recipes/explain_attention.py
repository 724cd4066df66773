"""What is seen in an attention lab, in words; each sentence says no more than its numbers do."""

import math

from genloom.autoregressive.words import BREAK, END, Word
from genloom.recipes.attention_gpt import AttentionLook, BlockLook, strongest
from genloom.report.numbers import fixed, number

_SLIGHT = 0.1
"""Nats below which hiding a word counts as no effect: log p changes by less than a tenth of a nat."""


SUMS = ("Only the weights must sum to 1, in each head and on average. The raw scores may sum to anything: adding one "
        "vector to every key changes their sum and nothing that the model says; masked, they sum to −∞ wherever a "
        "token comes later.")
"""What a sum of attention scores is worth."""


def percent(share: float) -> str:
    r"""A share in per cent, which no line break parts.

    >>> percent(0.4237), percent(0.0012)
    ('42\xa0%', '0.1\xa0%')
    """
    return f"{fixed(100 * share, 0 if share >= 0.0995 else 1)}\u00a0%"


def quoted(word: Word) -> str:
    """A word in quotation marks, the ends of lines and documents in words."""
    return {BREAK: "the line's end", END: "the document's end"}.get(word.shown, f"“{word.shown}”")


def why(found: AttentionLook) -> tuple[str, ...]:
    """Why the word was chosen: how sure the model was, where it looked, and what the choice rests on."""
    return (_how_sure(found), _where(found), _rests_on(found), _agree(found))


def _how_sure(found: AttentionLook) -> str:
    sentence, word = found.sentence, quoted(found.sentence.target)
    by = "which the model wrote" if sentence.generated else "which was given"
    count = len(sentence.targets)
    pieces = "" if count == 1 else f", in {count} tokens,"
    first = "The first of them" if count > 1 else "It"
    place = "was the model's first choice" if found.rank == 0 else (
        f"had {found.rank} likelier token{'s' if found.rank > 1 else ''} before it")
    others = " · ".join(f"“{each.text.strip() or '⏎'}” {percent(each.probability)}" for each in found.likely)
    return (f"Word {sentence.number} is {word}, {by}: p = {number(math.exp(found.log_prob), 3)}{pieces} log p = "
            f"{fixed(found.log_prob, 2)} nats. {first} {place}; the likeliest tokens were {others}.")


def _where(found: AttentionLook) -> str:
    last, first = found.blocks[-1], found.blocks[0]
    if last is first:
        return f"Its one block looked {_looked(last, found)}."
    return (f"The last block, averaged over its {len(last.heads)} heads, looked {_looked(last, found)}; the first "
            f"block {_looked(first, found)}.")


def _looked(block: BlockLook, found: AttentionLook) -> str:
    most = " and ".join(f"{percent(value)} at {quoted(word)}{_of_tokens(word, found)}"
                        for word, value in strongest(block.weights, found.words))
    return f"{most}, spread over {fixed(block.effective, 1)} words as if evenly"


def _of_tokens(word: Word, found: AttentionLook) -> str:
    """A word of many tokens gathers the weights of all of them."""
    count = word.last - word.first + 1
    return "" if count == 1 else f" ({count} of the {found.sentence.place + 1} tokens)"


def _rests_on(found: AttentionLook) -> str:
    drops = strongest(-found.ablation.hidden, found.words)
    needed = [(word, drop) for word, drop in drops if drop > _SLIGHT]
    against = strongest(found.ablation.hidden, found.words, 1)[0]
    if needed:
        text = "What the choice rests on is seen when words are hidden: without " + ", and without ".join(
            f"{quoted(word)} log p falls by {fixed(drop, 2)}" for word, drop in needed) + " nats"
    else:
        text = (f"No single word is needed: hiding one lowers log p by {number(max(0.0, drops[0][1]), 2)} nats at "
                "most")
    if against[1] > _SLIGHT:
        text += f"; {quoted(against[0])} speaks against it, without it log p rises by {fixed(against[1], 2)}"
    cut, drop = strongest(-found.ablation.deleted, found.words, 1)[0]
    if drop > _SLIGHT:
        text += f". Of the words cut out of the text, {quoted(cut)} matters most: log p falls by {fixed(drop, 2)}"
    return text + "."


def _agree(found: AttentionLook) -> str:
    name = f"attention, block {found.blocks[-1].number}"
    rho, chance = found.agreement(name), found.deletion.beaten(name)
    seen = strongest(found.blocks[-1].weights, found.words, 1)[0][0]
    needed = strongest(-found.ablation.hidden, found.words, 1)[0][0]
    same = "the most looked at word is also the one that matters most" if seen == needed else (
        f"the most looked at is {quoted(seen)}, the one that matters most {quoted(needed)}")
    ranks = "cannot be ranked" if math.isnan(rho) else f"have a rank correlation of {fixed(rho, 2)}"
    best = max(found.accounts, key=found.deletion.area)
    return (f"Weights alone prove nothing: those of the last block and the effects of hiding {ranks} over "
            f"{len(found.words)} words; {same}. Hiding the words in the order of these weights loses the prediction "
            f"{'faster than' if chance <= 0.05 else 'no faster than'} random orders do (p = {number(chance, 2)}); of "
            f"all accounts, {best} tells best what matters (p = {number(found.deletion.beaten(best), 2)})."
            f"{_carried(needed, found)}")


def _carried(needed: Word, found: AttentionLook) -> str:
    """Why no weight shows what the last word does."""
    if needed != found.words[-1]:
        return ""
    return (f" {quoted(needed)[0].upper()}{quoted(needed)[1:]} holds the token that looks: the residual connection "
            "carries it past every attention, so that no weight shows it.")


def sums(found: AttentionLook, block: BlockLook) -> str:
    """What the scores of a row add up to, and what does not."""
    of = block.rows.sums
    later = len(found.sentence.tokens) - found.sentence.place - 1
    return (f"Sum over the {found.sentence.place + 1} tokens seen, averaged over the heads: weights "
            f"{fixed(of.weights, 4)}; raw scores q kᵀ / √d {fixed(of.seen, 2)}, with the {later} later "
            f"token{'s' if later != 1 else ''} {fixed(of.scores, 2)}, masked {number(of.masked)}.")


def difference(found: AttentionLook) -> str:
    """How the first block looks otherwise than the last."""
    first, last = found.blocks[0], found.blocks[-1]
    if first is last:
        return "The model has one block, so that the first is the last."

    def both(habit: str) -> str:
        return f"{percent(_mean(first, habit))} and {percent(_mean(last, habit))}"

    return (f"First against last block: {percent(found.distance)} of the weight lies elsewhere (total variation). "
            f"The first spreads over {fixed(first.effective, 1)} words, the last over {fixed(last.effective, 1)}. On "
            f"the token that looks rest {both('itself')}, on the one before it {both('before')}, on the first of all "
            f"{both('first')}. The first block sees the tokens as they stand in the table; what the last one sees "
            "holds already what the blocks before have mixed in, so its weight on a word is not weight on that word "
            "alone.")


def _mean(block: BlockLook, habit: str) -> float:
    values: list[float] = [getattr(each, habit) for each in block.heads]
    return sum(values) / len(values)
