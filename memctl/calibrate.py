"""memctl calibrate data=NAME ...: what each metric can tell on this data, before
anything is trained.

Generators whose behaviour is known (copies, fresh examples, 2 to 50 % copies, blur, noise, ...) are
read by every metric, as many samples as a run generates. Writes into runs/calibration/NAME/:
readings.csv, verdicts.csv, calibration.png; prints the verdicts. With -cn multirun_templates/NAME
it takes the settings of a template, but for what that sweeps.

With --verdicts: whether the words are right, on data of several shapes and sizes; then --help says
more of that.
"""

import sys
from typing import Any

from memctl.command import launch, print_task
from memctl.exits import plain_exit


def answer(cfg: Any) -> str:
    """The calibration of a composed config, in words. Raises: UserError."""
    from omegaconf import OmegaConf  # these after the help, which needs none of it

    from memctl.config.ranges import check_ranges
    from memctl.files import said_plainly
    from memctl.reporting.calibration import calibrate

    config: Any = OmegaConf.to_object(cfg)
    for part in ("metrics.", "generate."):
        check_ranges(config, part)
    with said_plainly():
        return calibrate(config)


def main() -> None:
    """The command line: overrides of the config, as for training."""
    if "--verdicts" in sys.argv[1:]:
        from memctl.trials import command

        command.main()
        return
    with plain_exit():
        launch(print_task(answer), __doc__)


if __name__ == "__main__":
    main()
