"""The sweep that the drill disturbs: its command, its processes, and which of its runs are done."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

from memctl.files import read_json
from tests.children import PRELOAD
from tests.conftest import TINY

ROOT = Path(__file__).resolve().parents[2]
LOWS, DROPOUTS = (100, 300, 500, 700), (0, 0.1)  # two dropouts have two bases


def seeds(runs: int) -> int:
    """How many seeds make at least so many runs: for each dropout the cells and the uniform run
    with each seed, and the base's own.
    """
    per_seed, alone = len(DROPOUTS) * (len(LOWS) + 1), len(DROPOUTS)
    return max(1, -(-(runs - alone) // per_seed))


class Sweep:
    """Tiny runs, two at once, in a folder, with a temporary folder of their own.

    The state of a training is saved after every step: so a kill meets many a file half written.
    """

    def __init__(self, folder: Path, runs: int) -> None:
        self.runs, self.log = folder / "runs", folder / "log.txt"
        self.runs.mkdir(parents=True)
        # Not in the folder, whose name may be too long for a socket's address.
        self.temporary = Path(tempfile.mkdtemp(prefix="drill-")).resolve()
        self.command = [
            *(sys.executable, "-m", "memctl.train", "-m", *TINY, *PRELOAD),
            "trainer.checkpoint_seconds=1e-9",
            f"paths.runs={self.runs}",
            f"model.dropout={','.join(map(str, DROPOUTS))}",
            f"ci.low={','.join(map(str, LOWS))}",
            "ci.high=1000",
            f"seed=range(0,{seeds(runs)})",
        ]

    def start(self, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Give the command, in a process group of its own, which hears Ctrl-C."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**environment, "TMPDIR": str(self.temporary)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def done(self) -> set[str]:
        """The runs that say that they are done and have a record."""
        return {
            path.parent.name
            for path in self.runs.glob("*/*/record.json")
            if (read_json(path.with_name("status.json")) or {}).get("state") == "done"
        }

    def processes(self) -> list[psutil.Process]:
        """Every living process of the sweep, whoever is its parent now."""
        return [p for p in psutil.process_iter() if of(p).is_relative_to(self.temporary)]

    def victims(self, command: int) -> dict[str, list[int]]:
        """What can be hit -> ids of its processes; a group has its leader's.

        Args:
            command: The process that the command is.
        """
        found: dict[str, list[int]] = {"run": [], "fork server": []}
        for process in self.processes():
            try:
                if "multiprocessing.forkserver" in " ".join(process.cmdline()):
                    server = process.ppid() == command
                    found["fork server" if server else "run"].append(process.pid)
            except psutil.Error:  # it has just ended
                continue
        return {**found, "launcher": [command], "group": [command]}


def of(process: psutil.Process) -> Path:
    """The temporary folder that a living process was started with; none of another user's."""
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return Path(process.environ().get("TMPDIR", ""))
    except psutil.Error:
        pass
    return Path()
