"""The study: its items in the order of the report."""

from genloom.studies.alice.attention import first_block, last_block
from genloom.studies.alice.cost import cost
from genloom.studies.alice.inversion import inversion
from genloom.studies.alice.log_prob import log_probability
from genloom.studies.alice.options import Options
from genloom.studies.alice.sums import sum_of_scores
from genloom.studies.alice.tokens import tokens
from genloom.studies.alice.training import training
from genloom.studies.alice.why import reasons
from genloom.studies.alice.work import text
from genloom.studies.study import Study

STUDY = Study(
    name="alice",
    title="A language model of one book: trained, inverted, looked into, and scored",
    summary="GPT-2's network, small, learns one text. How far it comes is told in bits per byte of text that it has "
            "not seen, beside n-grams and compressors. Then it is looked into: which vectors make it say a given "
            "sentence, where it looks when it chooses a word, what the choice rests on, and how probable a sentence "
            "is to it.",
    data=lambda context: text(context).said,
    deliverables=(tokens, training, inversion, last_block, reasons, sum_of_scores, first_block, log_probability, cost),
    expected={"laptop": "at most 40 minutes on 2 CPU cores, half of it training",
              "gpu": "some twenty minutes on one GPU"},
    options=Options(),
)
