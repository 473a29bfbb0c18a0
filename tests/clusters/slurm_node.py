"""A SLURM of one node on loopback, as root, without systemd, cgroups, accounting or /etc."""

import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clusters.sweep import PATIENCE, end_all

NEEDED = ("munged", "slurmctld", "slurmd")
INSTALL = "apt-get install --no-install-recommends slurm-wlm munge"
# Without `cred_expire`, of 5 s at least, a job that is put back into the queue waits two minutes.
CONF = """\
ClusterName=test
SlurmctldHost=localhost
SlurmctldPort={port}
SlurmdPort={port_of_node}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={dir}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={dir}/ctld
SlurmdSpoolDir={dir}/slurmd
SlurmctldPidFile={dir}/ctld.pid
SlurmdPidFile={dir}/slurmd.pid
SlurmctldLogFile={dir}/ctld.log
SlurmdLogFile={dir}/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
ReturnToService=2
MailProg=/bin/true
KillWait=5
JobRequeue=1
GresTypes=gpu
NodeName=localhost NodeAddr=127.0.0.1 CPUs=2 RealMemory=2000 State=UNKNOWN Gres=gpu:2
PartitionName=test Nodes=localhost Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
"""


def write(folder: Path) -> None:
    for name in ("ctld", "slurmd", "munge"):
        (folder / name).mkdir(parents=True)
    (folder / "munge").chmod(0o700)
    (folder / "munge" / "key").write_bytes(os.urandom(1024))
    (folder / "munge" / "key").chmod(0o400)
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n")
    # Made-up GPUs need a file each, or SLURM does not number them: /dev/null's.
    for number in range(2):
        os.mknod(folder / f"gpu{number}", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    (folder / "gres.conf").write_text(f"NodeName=localhost Name=gpu File={folder}/gpu[0-1]\n")
    ports = {"port": 20000 + os.getpid() % 20000, "port_of_node": 20001 + os.getpid() % 20000}
    (folder / "slurm.conf").write_text(CONF.format(dir=folder, **ports))


@contextmanager
def slurm_node(folder: Path) -> Iterator[dict[str, str]]:
    """A running SLURM; gives the variables by which its commands find it. Its node has two CPUs
    and two GPUs, which are made up.
    """
    write(folder)
    environment = {"SLURM_CONF": str(folder / "slurm.conf")}
    munge = [
        f"--key-file={folder}/munge/key",
        f"--socket={folder}/munge/socket",
        f"--pid-file={folder}/munge/pid",
        f"--log-file={folder}/munge/log",
        f"--seed-file={folder}/munge/seed",
    ]
    try:
        for command in (
            ["munged", "--force", "--num-threads=1", *munge],
            ["slurmctld", "-c"],
            ["slurmd", "-N", "localhost"],
        ):
            subprocess.run(command, check=True, timeout=PATIENCE, env={**os.environ, **environment})
        end = time.monotonic() + PATIENCE
        while said("sinfo", "-h", "-o", "%T", env=environment) != "idle":
            assert time.monotonic() < end, (folder / "ctld.log").read_text()[-2000:]
            time.sleep(0.2)
        yield environment
    finally:
        empty(environment)
        for name in ("slurmd.pid", "ctld.pid", "munge/pid"):
            stop(folder / name)
        end_all(str(folder))
        shutil.rmtree(folder, ignore_errors=True)


def empty(environment: dict[str, str]) -> None:
    """Cancel what is left in the queue, and wait until it has ended."""
    end = time.monotonic() + 60
    while said("squeue", "-h", env=environment) and time.monotonic() < end:
        said("scancel", "--full", "--signal=KILL", "--user=root", env=environment)
        said("scancel", "--user=root", env=environment)
        time.sleep(0.5)


def said(*command: str, env: dict[str, str]) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, **env}
    )
    return done.stdout.strip()


def stop(pid_file: Path) -> None:
    """End the daemon whose number is in the file."""
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    for number in (signal.SIGTERM, signal.SIGKILL):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                os.kill(pid, number if end - time.monotonic() > 9.9 else 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
