from genloom.autoregressive.characters import Characters, characters


def test_ascii_is_its_bytes_and_other_characters_that_were_seen_follow() -> None:
    tokenizer = characters(iter(["naïve ", "漢字 ïï"]))
    assert tokenizer.vocabulary == 256 + 3 + 1
    assert tokenizer.encode("a\n") == [97, 10]
    assert [tokenizer.decode([token]) for token in range(256, 259)] == ["ï", "字", "漢"]
    assert tokenizer.encode("ï字漢") == [256, 257, 258]


def test_the_order_of_the_texts_does_not_matter() -> None:
    assert characters(["é漢", "ß"]).digest == characters(["ß", "漢é", ""]).digest == Characters("漢ßéé").digest


def test_a_character_that_was_never_seen_is_spelled_in_bytes_and_counted() -> None:
    tokenizer = Characters("é")
    assert tokenizer.encode("漢é") == [*"漢".encode(), 256]
    assert tokenizer.unseen("漢é漢 ß") == {"ß": 1, "漢": 2}
    assert tokenizer.unseen("any ASCII, é") == {}
