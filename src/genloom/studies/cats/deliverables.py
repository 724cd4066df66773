"""The study: its items in the order of the report."""

from genloom.studies import at_hand
from genloom.studies.cats.flags import flags
from genloom.studies.cats.forward import forward_process
from genloom.studies.cats.process import backward_figure, forward_figure
from genloom.studies.cats.reverse import reverse_process
from genloom.studies.cats.samples import last_batch
from genloom.studies.cats.schedule import schedule
from genloom.studies.cats.training import distance, loss
from genloom.studies.study import Study

STUDY = Study(
    name="cats",
    title="A diffusion model of cats, beside what is known of it",
    summary="A U-Net learns to take the noise off pictures of 32 × 32 in 50 steps of the cosine schedule. The process "
            "is known in closed form, so every formula is checked to rounding; the loss stands beside that of the best "
            "linear denoiser, and the Fréchet distance beside that of other real pictures.",
    data=lambda context: at_hand.cats(context.data_root).said,
    deliverables=(schedule, forward_process, reverse_process, flags, loss, distance, forward_figure, backward_figure,
                  last_batch),
    expected={"laptop": "about 1 hour on 2 CPU cores, most of it the 10,000 steps of S3.24",
              "gpu": "some 15 minutes on one GPU"},
)
