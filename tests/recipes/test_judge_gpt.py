import math
from dataclasses import replace

import pytest
from gpt_small import small, small_recipe, text_file

from genloom.recipes.build_gpt import NAME
from genloom.recipes.gpt import Evaluation
from genloom.recipes.judge_gpt import QUICK, Judged, judge_all, judge_copies, like, longest_copy, quick


@pytest.fixture
def experiment(tmp_path):
    return small(text_file(tmp_path))


def networks(experiment):
    return {NAME: experiment.network.eval()}


def by_name(results):
    return {result.name: result for result in results}


def test_a_network_that_knows_nothing_needs_log_v(experiment):
    found = quick(experiment, networks(experiment))
    assert next(iter(found)) == QUICK, "the first metric decides which checkpoint is best"
    assert found[QUICK] == pytest.approx(math.log(experiment.tokenizer.vocabulary), abs=0.1)
    valid = experiment.valid
    each = (valid.bytes - valid.first_bytes) / (len(valid) - len(valid.spans))
    assert found["validation bits per byte"] == pytest.approx(found[QUICK] / math.log(2) / each)


def test_every_number_stands_beside_its_known_answer(experiment):
    results = judge_all(experiment, networks(experiment))
    assert all(result.value is not None and result.known is not None and result.known_name for result in results)
    found = by_name(results)
    assert found["bits per byte of the test text"].status == "fail", "an untrained network loses to counting"
    assert found["bits per byte of the test text"].known == experiment.baselines.best[0]
    assert found["loss on the test text"].known == experiment.baselines.tokens.loss
    assert found[QUICK].known == pytest.approx(math.log(experiment.tokenizer.vocabulary))
    assert len(found) == len(results)


def test_the_whole_test_text_is_judged_whatever_the_windows(experiment):
    judged = Judged(experiment, networks(experiment))
    assert judged.stride == 6
    assert judged.test.tokens == judged.strided.tokens == len(experiment.test) - len(experiment.test.spans)
    assert judged.test.bytes == judged.strided.bytes


def test_the_same_network_has_the_same_numbers(experiment):
    one, two = (judge_all(experiment, networks(experiment)) for _ in range(2))
    assert one == two


def test_copies_are_found_in_what_is_written(experiment):
    judged = Judged(experiment, networks(experiment))
    training = experiment.corpus.documents[0].read(0, 200).decode()
    judged.__dict__["texts"] = (training,)  # as if the model had written this
    found = by_name(judge_copies(judged))
    assert found["longest copy in a text that it writes"].value == len(training.encode())
    assert found["texts that it writes: sequences of 20 bytes that stand in the training text"].value == 1.0
    assert longest_copy(experiment, "the cat sees @") == len("the cat sees ")


def test_stretches_of_the_test_text_have_the_sizes_that_are_asked_for(experiment):
    found = like(experiment, [50, 80])
    assert [len(text.encode()) for text in found] == pytest.approx([50, 80], abs=3)
    assert all("." in text for text in found)


def test_no_texts_are_written_where_none_are_wanted(tmp_path):
    path = text_file(tmp_path)
    experiment = small(path, evaluation=Evaluation(order=0, texts=0))
    found = by_name(judge_all(experiment, networks(experiment)))
    assert not any("writes" in name for name in found)
    assert found["bits per byte of the test text"].status == "info", "without n-grams there is no verdict"
    assert found["loss on the test text"].known_name == "log V: every token as likely"


def test_the_stride_is_the_recipe_s(tmp_path):
    path = text_file(tmp_path)
    recipe = small_recipe(path)
    experiment = small(path, evaluation=replace(recipe.evaluation, stride=3))
    assert Judged(experiment, networks(experiment)).stride == 3
