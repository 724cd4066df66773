"""A contrastive model of scenes and sentences."""

import itertools

import torch

from genloom.data.images.labelsets import NAMES
from genloom.data.scenes.captions import encode, prompts
from genloom.studies.written import pictures_and_sentences as model
from genloom.studies.written.pictures_and_sentences import HELD_OUT, SHOWN, SIZE


def test_held_out_objects_are_in_no_picture_and_no_sentence_but_their_words_are() -> None:
    scenes = model.pairs(150, 0)
    assert not {name for names in scenes.names for name in names} & set(HELD_OUT)
    assert {word for name in SHOWN for word in name.split()} >= {word for name in HELD_OUT for word in name.split()}
    held = encode([text for name in HELD_OUT for text in prompts(name)])
    said = model.sentences(scenes, torch.arange(300), 0)
    couples = {tuple(pair) for row in said.tolist() for pair in itertools.pairwise(row)}
    assert not couples & {(row[4], row[5]) for row in held.tolist()}, "no colour stands before such a shape"


def test_each_scene_is_drawn_with_one_object_and_with_both() -> None:
    scenes = model.pairs(4, 1)
    assert scenes.pictures.shape == (8, 3, SIZE, SIZE)
    assert [len(names) for names in scenes.names] == [1, 2] * 4
    assert all(a == b[:1] for a, b in zip(scenes.names[::2], scenes.names[1::2], strict=True))
    assert -1 <= float(scenes.pictures.min()) < float(scenes.pictures.max()) <= 1


def test_single_objects_are_those_that_were_asked_for_and_differ() -> None:
    scenes = model.singles(("red cube", "blue sphere"), 2, 0)
    assert scenes.names == (("red cube",), ("red cube",), ("blue sphere",), ("blue sphere",))
    assert scenes.classes().tolist() == [NAMES.index(names[0]) for names in scenes.names]
    assert not torch.equal(scenes.pictures[0], scenes.pictures[1])


def test_the_guess_is_the_nearest_mean_of_sentences() -> None:
    network, pictures = model.make_network(0).eval(), model.singles(("red cube", "blue sphere"), 2, 0).pictures
    with torch.no_grad():
        u = network.left(pictures)
        u = u / u.norm(dim=1, keepdim=True)
        means = []
        for name in ("red", "cyan"):
            v = network.right(encode(prompts(name)))
            mean = (v / v.norm(dim=1, keepdim=True)).mean(0)
            means.append(mean / mean.norm())
    known = (u @ torch.stack(means).T).argmax(1)
    assert torch.equal(model.guesses(network, pictures, ("red", "cyan")), known)


def test_training_lowers_the_loss_and_is_a_function_of_the_seed(monkeypatch) -> None:
    monkeypatch.setattr(model, "BATCH", 32)
    scenes = model.pairs(40, 2)
    (network, losses), (_, again) = (model.train(scenes, 12, 5) for _ in range(2))
    assert losses == again
    assert sum(losses[-4:]) < sum(losses[:4])
    fresh = model.losses(network, scenes, 0)
    assert len(fresh) == 80 // 32
