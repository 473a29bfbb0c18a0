"""memctl data data=NAME ...: what a data set holds, what is left out of it as a duplicate, and how
it is split.

Of images it also writes, into runs/data/NAME/: duplicates.csv, one row a pair, and duplicates.png.
"""

from typing import Any

from memctl.command import launch, print_task
from memctl.exits import plain_exit
from memctl.files import path_of


def answer(cfg: Any) -> str:
    """The data set of a composed config, in words. Raises: UserError."""
    from omegaconf import OmegaConf  # these after the help, which needs none of it

    from memctl import data
    from memctl.data.images.source import ImageSource
    from memctl.reporting.data_set import describe, write_duplicates

    node: Any = OmegaConf.to_object(cfg.data)
    source = data.build(node)
    text = describe(source)
    if isinstance(source, ImageSource):
        folder = path_of(cfg.paths.runs) / "data" / source.name
        text += f"\n{write_duplicates(source.decode(), folder)}"
    return text


def main() -> None:
    """The command line: overrides of the config, as for training."""
    with plain_exit():
        launch(print_task(answer), __doc__)


if __name__ == "__main__":
    main()
