"""The language's best tagger is what counting says."""

from itertools import product

import pytest
import torch

from genloom.nn.crf import CRF
from genloom.nn.tagger import log_prob
from genloom.rng import generator
from genloom.studies.written.tagging_task import TAGS, WORDS, language

HERE = language()


def test_tables_are_probabilities_and_the_chain_is_in_its_law() -> None:
    for table in (HERE.start[None], HERE.follow, HERE.said):
        torch.testing.assert_close(table.sum(1), torch.ones(len(table)).double())
    torch.testing.assert_close(HERE.start @ HERE.follow, HERE.start)
    assert (HERE.start > 0.05).all()
    assert ((HERE.said > 0).sum(0) > 0).all(), "every word is said"


def test_the_posterior_is_bayes_rule_over_all_sequences_of_tags() -> None:
    words = torch.tensor([[0, 4, 11, 6]])  # the light can back
    joint = {}
    for tags in product(range(len(TAGS)), repeat=4):
        p = HERE.start[tags[0]]
        for n, tag in enumerate(tags):
            p = p * HERE.said[tag, words[0, n]] * (HERE.follow[tags[n - 1], tag] if n else 1)
        joint[tags] = float(p)
    total, chain = sum(joint.values()), HERE.chain()
    assert chain.log_partition(HERE.scores(words)).exp().item() == pytest.approx(total)
    best = max(joint, key=lambda tags: joint[tags])
    assert tuple(chain.best(HERE.scores(words))[0].tolist()) == best
    assert chain.log_prob(HERE.scores(words), torch.tensor([best])).exp().item() == pytest.approx(joint[best] / total)
    nouns = sum(p for tags, p in joint.items() if tags[2] == 2) / total
    assert chain.marginals(HERE.scores(words))[0, 2, 2].item() == pytest.approx(nouns)


def test_of_a_sentence_of_one_word_there_is_no_more_to_know_than_the_word() -> None:
    words, tags = HERE.draw(50, 1, generator(2))
    scores = HERE.scores(words)
    torch.testing.assert_close(HERE.chain().marginals(scores), HERE.alone(words), rtol=0, atol=1e-14)
    known = HERE.alone(words).gather(2, tags[..., None])[:, 0, 0].log()
    torch.testing.assert_close(HERE.chain().log_prob(scores, tags), known, rtol=0, atol=1e-12)


def test_where_there_is_one_tag_every_sentence_has_it() -> None:
    chain, scores = CRF(1).double(), torch.randn(2, 4, 1, generator=generator(3), dtype=torch.float64)
    with torch.no_grad():
        chain.transitions.fill_(0.7)
    for found in (chain.log_prob, log_prob):
        torch.testing.assert_close(found(scores, torch.zeros(2, 4, dtype=torch.long)), torch.zeros(2).double())


def test_draws_have_the_laws_of_the_tables() -> None:
    """200,000 words: the standard error of a share is at most .0012."""
    words, tags = HERE.draw(25_000, 8, generator(0))
    assert words.shape == tags.shape == (25_000, 8)
    for place in (0, 7):
        torch.testing.assert_close(torch.bincount(tags[:, place], minlength=len(TAGS)) / 25_000, HERE.start.float(),
                                   rtol=0, atol=0.015)
    pairs = torch.zeros(len(TAGS), len(WORDS)).index_put_((tags.flatten(), words.flatten()), torch.tensor(1.0),
                                                          accumulate=True)
    torch.testing.assert_close(pairs / pairs.sum(), (HERE.start[:, None] * HERE.said).float(), rtol=0, atol=0.006)
    assert (HERE.follow[tags[:, :-1], tags[:, 1:]] > 0).all()


def test_the_posterior_is_calibrated() -> None:
    """Its own chance of being right is the share that is right, for both decoders; 4 standard errors at 20,000."""
    words, tags = HERE.draw(20_000, 8, generator(1))
    chain, scores = HERE.chain(), HERE.scores(words)
    marginals = chain.marginals(scores)
    right = (marginals.argmax(2) == tags).double().mean()
    assert right.item() == pytest.approx(marginals.amax(2).mean().item(), abs=0.006)
    best = chain.best(scores)
    whole = (best == tags).all(1).double().mean()
    assert whole.item() == pytest.approx(chain.log_prob(scores, best).exp().mean().item(), abs=0.014)
    assert (HERE.alone(words).argmax(2) == tags).double().mean() < right - 0.05, "neighbours tell something"
