"""python -m memctl.samplers: see `memctl.reporting.gallery.command`."""

from memctl.reporting.gallery.command import main

if __name__ == "__main__":
    main()
