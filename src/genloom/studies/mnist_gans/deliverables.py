"""The study: its items in the order of the report."""

from genloom.studies import at_hand
from genloom.studies.mnist_gans import losses, pictures
from genloom.studies.mnist_gans.compared import losses as all_losses
from genloom.studies.mnist_gans.epochs import grids
from genloom.studies.mnist_gans.logits import of_discriminator, of_generator
from genloom.studies.mnist_gans.networks import course, mlp
from genloom.studies.mnist_gans.tables import discriminator, generator, initial
from genloom.studies.mnist_gans.written import SIZE
from genloom.studies.study import Study

STUDY = Study(
    name="mnist-gans",
    title="Adversarial networks on handwritten digits, and every loss on one budget",
    summary="The networks and losses of two courses, each beside what is known of it: numbers of parameters, values "
            "and slopes at known points, the same layers in plain torch. They are trained, and their pictures are "
            "judged by a classifier of digits beside as many real ones. Then every loss trains the same networks on "
            "one budget, with several seeds each.",
    data=lambda context: at_hand.digits(context.data_root, SIZE).said,
    deliverables=(mlp, losses.vanilla, pictures.vanilla, losses.least_squares, pictures.least_squares, course,
                  pictures.convolutional, discriminator, generator, initial, of_discriminator, of_generator, grids,
                  all_losses),
    expected={"laptop": "about 80 minutes on 2 CPU cores, nearly all of it training, and 3 GB of disk",
              "gpu": "some two hours on one GPU, and 3 GB of disk"},
)
