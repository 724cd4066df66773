"""What is said of an inversion is what was found, and failures name the token that stands worst."""

from genloom.recipes.explain_inversion import paragraphs, prompts_of_this_length
from genloom.recipes.invert_gpt import Plan, invert_sentence
from memorised import SENTENCE, WordTokenizer, memorised

TOKENIZER = WordTokenizer()


def test_a_success_is_told_with_its_interval_and_its_distance() -> None:
    found = invert_sentence(memorised(), TOKENIZER, [0], "walnut a paw", Plan(count=3, control=True))
    reached, distance, control = paragraphs(found, TOKENIZER)
    assert reached.startswith("3 of 3 starts")
    assert "44\u00a0% to 100\u00a0%" in reached
    assert "AR(v)[i] = s[i]" in reached
    assert "no words" in distance
    assert "are reached from 3 of 3 starts" in control
    assert "as often as the sentence itself" in control


def test_a_failure_says_which_token_stood_worst() -> None:
    plan = Plan(reading="continuation", count=2, steps=3, searches=1, exchanges=1, batch=4)
    found = invert_sentence(memorised(), TOKENIZER, [0], "walnut a paw w3 my", plan)
    texts = paragraphs(found, TOKENIZER)
    assert texts[0].startswith("0 of 2 starts")
    worst = int(found.found.ranks.double().mean(0).argmax())
    assert f"worst stands token {worst + 1}, “{found.pieces[worst].strip()}”" in texts[2]
    assert "More vectors (--length)" in texts[2]
    assert texts[3].startswith("Search 1, from the nearest tokens, did not get there in 1 exchanges")
    assert prompts_of_this_length(found, TOKENIZER) in texts[3]
    assert prompts_of_this_length(found, TOKENIZER) == "10^8"


def test_a_prompt_that_was_found_is_shown() -> None:
    plan = Plan(reading="continuation", length=1, count=2, searches=2, exchanges=20, top=99, batch=200)
    found = invert_sentence(memorised(), TOKENIZER, [0], " ".join(SENTENCE), plan)
    assert found.searches[1].exact
    text = paragraphs(found, TOKENIZER)[-1]
    assert "the prompt “⏎” makes the model say the sentence" in text
    assert "can be typed, and holds 0.0\u00a0%" in text
