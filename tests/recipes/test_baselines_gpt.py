import numpy as np
import pytest
from gpt_small import small, small_recipe, text_file

from genloom.autoregressive.ngram import best_order
from genloom.data.text.document import Span
from genloom.recipes import baselines_gpt
from genloom.recipes.baselines_gpt import bytes_of, up_to
from genloom.recipes.gpt import Evaluation


def test_bits_per_byte_of_bytes_and_of_tokens_are_of_the_same_text(tmp_path):
    experiment = small(text_file(tmp_path))
    found = experiment.baselines
    test = list(bytes_of(experiment.corpus, experiment.parts.test))
    chosen = best_order(list(bytes_of(experiment.corpus, experiment.parts.train)),
                        list(bytes_of(experiment.corpus, experiment.parts.valid)), 256, range(1, 5))
    nats = -sum(chosen.model.log_prob(each)[1:].sum() for each in test)
    assert found.bytes.bits == pytest.approx(nats / np.log(2) / sum(len(each) - 1 for each in test))
    assert found.bytes.order == chosen.model.order <= 4
    asked = experiment.fixed(experiment.test)
    assert found.tokens.bits == pytest.approx(found.tokens.loss * asked.tokens / np.log(2) / asked.bytes), (
        "tokens and bytes are those that the network is asked for")
    assert found.tokens.bits < found.bytes.bits, "some tokens reach further back than four bytes"
    assert [each.name for each in found.compressed] == ["gzip", "bz2", "xz"]
    assert found.best[0] == min(found.bytes.bits, found.tokens.bits, *(each.after for each in found.compressed))
    assert experiment.baselines is found, "computed once"


def test_n_grams_can_be_left_out(tmp_path):
    path = text_file(tmp_path)
    found = small(path, evaluation=Evaluation(order=0)).baselines
    assert (found.bytes, found.tokens, found.ngrams) == (None, None, False)
    assert "after the training text" in found.best[1]


def test_a_large_text_is_counted_in_part(tmp_path, monkeypatch):
    path = text_file(tmp_path)
    whole = small(path).baselines
    monkeypatch.setattr(baselines_gpt, "MOST", 2000)
    part = small(path).baselines
    assert part.bytes.bits > whole.bytes.bits
    assert part.tokens.loss > whole.tokens.loss


@pytest.mark.parametrize("most", [0, 1, 5, 6, 100])
def test_spans_are_cut_at_a_number_of_bytes(most):
    spans = [Span(0, 0, 5), Span(0, 9, 20), Span(1, 0, 3)]
    found = up_to(spans, most)
    assert sum(span.bytes for span in found) == min(most, 19)
    assert [span[:2] for span in found] == [span[:2] for span in spans[: len(found)]]


def test_the_recipe_says_the_highest_order(tmp_path):
    path = text_file(tmp_path)
    assert small_recipe(path).evaluation.order == 4
    assert small(path, evaluation=Evaluation(order=2)).baselines.bytes.order <= 2
