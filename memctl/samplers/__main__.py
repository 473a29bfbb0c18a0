"""python -m memctl.samplers: see `memctl.reporting.gallery.command`."""

from memctl.exits import plain_exit


def main() -> None:
    """The command line."""
    with plain_exit():
        from memctl.reporting.gallery import command

        command.main()


if __name__ == "__main__":
    main()
