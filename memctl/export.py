"""python -m memctl.export RUN [FOLDER]: a finished image run as a diffusers pipeline, for
DDPMPipeline.from_pretrained(FOLDER).
"""

import argparse
from pathlib import Path

from omegaconf import OmegaConf

from memctl.config import Config
from memctl.errors import UserError
from memctl.exits import plain_exit
from memctl.files import nothing_fetched, path_of, said_plainly, write_json
from memctl.runs.folder import RunFolder


@nothing_fetched()
def export(run: Path, to: Path) -> None:
    """Write the weights and the noise schedule of a run of `model=unet2d` into the folder `to`.

    The pipeline clips the predicted x_0 to [-1, 1], as the run's own generation did.

    Raises:
        UserError: no finished run, a run of another model, or a folder that cannot be written.
    """
    folder = RunFolder(run)
    record = folder.record()
    if record is None:
        raise UserError(
            f"{run} is not the folder of a finished run; give one such as runs/digits/uniform_s0"
        )
    if record["science"]["model"]["name"] != "unet2d":
        raise UserError(
            f"{run} is of model={record['science']['model']['name']}; diffusers has pipelines for"
            " model=unet2d alone"
        )
    from diffusers import DDPMPipeline  # after the checks: it takes seconds

    from memctl import models
    from memctl.models.pretrained import NOTE
    from memctl.models.unet2d import UNet2d
    from memctl.samplers import NoiseSchedule
    from memctl.training import checkpoint

    config = OmegaConf.to_object(folder.settings())
    assert isinstance(config, Config)
    network = models.build(config.model).network(record["split"]["shape"])
    assert isinstance(network, UNet2d)
    own = folder.checkpoint
    if record["sampler"] is not None and not own.exists():
        raise UserError(
            f"{own} is not there: the run was made with trainer.keep_checkpoint=false, or its"
            " weights were removed"
        )
    source = (
        own
        if own.exists()
        else RunFolder(
            folder.path.absolute().parent.parent / "bases" / Path(str(record["keys"]["base"])).name
        ).checkpoint
    )
    checkpoint.load(source, network, {"split": record["split"]["hash"]})
    scheduler = NoiseSchedule.from_config(config.diffusion).forward_process(
        prediction_type=config.diffusion.prediction, clip_sample=True, timestep_spacing="trailing"
    )
    with said_plainly():
        DDPMPipeline(unet=network.unet, scheduler=scheduler).save_pretrained(to)
        write_json(
            to / NOTE,
            {"split": record["split"]["hash"], "run": f"{record['sweep']}/{record['name']}"},
        )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m memctl.export", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("run", type=path_of, help="a run's folder, such as runs/digits/uniform_s0")
    parser.add_argument(
        "folder", type=path_of, nargs="?", help="where to write (default: RUN/pipeline)"
    )
    with plain_exit():
        arguments = parser.parse_args()
        to = arguments.folder or arguments.run / "pipeline"
        export(arguments.run, to)
        print(f"DDPMPipeline.from_pretrained({str(to)!r})")


if __name__ == "__main__":
    main()
