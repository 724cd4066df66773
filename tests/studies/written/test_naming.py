"""Classes by their sentences and by labels."""

import itertools
import math

import pytest
import torch

from genloom.nn.contrastive import info_nce
from genloom.studies.written import naming
from genloom.studies.written import pictures_and_sentences as model
from genloom.studies.written.naming import (
    LABELS,
    Trained,
    accuracy,
    exchanged,
    least_loss,
    only,
    supervised,
    swapped,
    truth,
)
from genloom.studies.written.pictures_and_sentences import BATCH


def test_the_least_loss_is_that_of_the_best_scores() -> None:
    """On draws: the score is 0 where a sentence names what a picture shows, and −∞ elsewhere."""
    random, losses = torch.Generator().manual_seed(0), []
    pairs = [frozenset(pair) for pair in itertools.combinations(model.SHOWN, 2)]
    swaps = [pairs.index(frozenset(other)) if (other := exchanged(*pair)) else k for k, pair in enumerate(pairs)]
    for _ in range(400):
        single = torch.rand(BATCH, generator=random) < 0.5
        pair = torch.randint(153, (BATCH,), generator=random)
        sets = torch.where(single, torch.randint(18, (BATCH,), generator=random), 18 + pair)
        words = torch.where(single, sets, 18 + torch.minimum(pair, torch.tensor(swaps)[pair]))
        losses.append([float(info_nce(torch.where(each[:, None] == each[None, :], 0.0, -torch.inf).double()))
                       for each in (sets, words)])
    for bound, found in zip((True, False), torch.tensor(losses).unbind(1), strict=True):
        assert least_loss(bound=bound) == pytest.approx(float(found.mean()), abs=4 * float(found.std()) / 20)
    assert 0 < least_loss() < least_loss(bound=False) < math.log(BATCH)


def test_colours_are_exchanged_where_training_shows_the_other_pair() -> None:
    pairs = list(itertools.combinations(model.SHOWN, 2))
    for pair in pairs:
        other = exchanged(*pair)
        assert other is None or (exchanged(*other) == pair and set(other) <= set(model.SHOWN) - set(pair))
    assert sum(exchanged(*pair) is not None for pair in pairs) == 36


@pytest.fixture(scope="module")
def scenes() -> model.Scenes:
    return model.singles(("red cube", "blue sphere", "gray cylinder"), 3, 0)


def test_classes_of_the_three_tasks(scenes) -> None:
    for task, words in (("object", ["red cube", "blue sphere", "gray cylinder"]), ("colour", ["red", "blue", "gray"]),
                        ("shape", ["cube", "sphere", "cylinder"])):
        assert [naming.TASKS[task][k] for k in truth(scenes, task).tolist()] == [w for w in words for _ in range(3)]


def test_only_keeps_the_pictures_of_some_objects(scenes) -> None:
    kept = only(scenes, ["blue sphere"])
    assert kept.names == (("blue sphere",),) * 3
    assert torch.equal(kept.pictures, scenes.pictures[3:6])


def test_accuracy_counts_the_nearest_sentences(scenes, monkeypatch) -> None:
    monkeypatch.setattr(model, "guesses", lambda network, pictures, names: torch.tensor([0] * len(pictures)))
    found = accuracy(None, scenes, "shape")
    assert (found.value, found.n) == (pytest.approx(1 / 3), 9)


def test_classifiers_with_labels_get_as_many_of_each_class_as_is_said(monkeypatch) -> None:
    asked = []

    class Watched:
        def __init__(self, **_: object) -> None: ...

        def fit(self, x, y):
            asked.append(y)
            return self

        def predict(self, x):
            return torch.zeros(len(x)).numpy()

    monkeypatch.setattr("sklearn.linear_model.LogisticRegression", Watched)
    judged = model.singles(naming.NAMES[:2], 1, 0)
    labelled = model.singles(naming.NAMES, max(LABELS), 1)
    curves = supervised(Trained(model.make_network(0), [], [], judged, labelled), 0)
    assert [len(each) for each in curves.values()] == [len(LABELS)] * 2
    assert [set(torch.bincount(torch.as_tensor(y)).tolist()) for y in asked] == [{count} for count in LABELS] * 2


def test_swapped_colours_are_a_coin_for_scores_that_do_not_know(monkeypatch) -> None:
    class Coin:
        def __init__(self) -> None:
            self.random = torch.Generator().manual_seed(0)

        def __call__(self, pictures, words):
            assert words[0].sort().values.tolist() == words[1].sort().values.tolist(), "the same words in another order"
            return torch.rand(1, 2, generator=self.random)

    found = swapped(Coin(), 0, 60)
    assert found.value == pytest.approx(0.5, abs=4 * 0.5 / 60**0.5)
    assert found.n == 60
