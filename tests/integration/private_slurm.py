"""A Slurm of one node, for one user, in a directory of its own: nothing of it is in /etc or known to systemd."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from batch import CATCHABLE, PATIENCE, wait_until

USER = pwd.getpwuid(os.getuid()).pw_name
SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"
DAEMONS = ("munged", "slurmctld", "slurmd")


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [taken.getsockname()[1] for taken in sockets]
    for taken in sockets:
        taken.close()
    return ports


def configuration(directory: Path) -> str:
    """slurm.conf. A requeued job waits for its former credential to expire, in 5 seconds; and Slurm tries to
    schedule every second."""
    ctld_port, d_port = free_ports(2)
    settings = {
        "ClusterName": "private",
        "SlurmctldHost": "localhost(127.0.0.1)",
        "SlurmctldPort": ctld_port,
        "SlurmdPort": d_port,
        "SlurmUser": USER,
        "SlurmdUser": USER,
        "AuthType": "auth/munge",
        "CredType": "cred/munge",
        "AuthInfo": f"socket={directory}/munge/socket,cred_expire=5",
        "StateSaveLocation": f"{directory}/ctld",
        "SlurmdSpoolDir": f"{directory}/d",
        "SlurmctldPidFile": f"{directory}/ctld.pid",
        "SlurmdPidFile": f"{directory}/d.pid",
        "SlurmctldLogFile": f"{directory}/log/slurmctld",
        "SlurmdLogFile": f"{directory}/log/slurmd",
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "JobAcctGatherType": "jobacct_gather/none",
        "AccountingStorageType": "accounting_storage/none",
        "SchedulerParameters": "sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=1",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_CPU",
        "MpiDefault": "pmix",
        "ReturnToService": 2,
        "KillWait": 2,
        "MailProg": "/bin/true",
        "SlurmdParameters": "config_overrides",
    }
    lines = [f"{key}={value}" for key, value in settings.items()]
    lines.append("NodeName=localhost CPUs=2 State=UNKNOWN")
    lines.append("PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP")
    return "\n".join(lines) + "\n"


class Slurm:
    """Runs from `with` to its end, whatever happens in between."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="nuvlasov-slurm-")).resolve()
        self.environment = os.environ | CATCHABLE | {"PATH": SBIN, "SLURM_CONF": str(self.directory / "slurm.conf")}
        self.daemons: list[subprocess.Popen] = []

    def __enter__(self) -> Slurm:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # timeout(1) shall not leave anything behind
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if len(self.daemons) == len(DAEMONS):
                self.command("scancel", "-u", USER, check=False)
                wait_until(lambda: not self.command("squeue", "-h", check=False), "all jobs ended")
        finally:
            for daemon in reversed(self.daemons):
                daemon.terminate()
            for daemon in self.daemons:
                try:
                    daemon.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    daemon.kill()
                    daemon.wait()
            shutil.rmtree(self.directory, ignore_errors=True)

    def _start(self) -> None:
        self.directory.chmod(0o755)
        for name in ("munge", "ctld", "d", "log"):
            (self.directory / name).mkdir(mode=0o755)
        munge = self.directory / "munge"
        (munge / "key").touch(mode=0o600)
        (munge / "key").write_bytes(os.urandom(128))
        (self.directory / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")  # wanted even without cgroups
        (self.directory / "slurm.conf").write_text(configuration(self.directory))
        files = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        self._daemon("munged", "--foreground", *(f"--{option}={munge / name}" for option, name in files.items()))
        wait_until(lambda: (munge / "socket").exists(), "munged is there")
        self._daemon("slurmctld", "-D", "-c")
        self._daemon("slurmd", "-D")
        wait_until(lambda: self.command("sinfo", "-h", "-o", "%T", check=False) == "idle", "the node is idle")

    def _daemon(self, *command: str) -> None:
        # Ends with the test even when that is killed, but not before it: timeout(1) signals a whole group.
        with (self.directory / "log" / f"{command[0]}.output").open("w") as output:
            self.daemons.append(
                subprocess.Popen(
                    ["setpriv", "--pdeathsig", "TERM", *command],
                    env=self.environment,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def command(self, *words: str | Path, cwd: Path | None = None, check: bool = True) -> str:
        done = subprocess.run(
            ["timeout", "-k", "5", str(PATIENCE), *map(str, words)],
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done
        return done.stdout.strip()

    def submit(self, *words: str | Path, cwd: Path) -> str:
        """sbatch; returns the number of the job."""
        return self.command("sbatch", "--parsable", *words, cwd=cwd)

    def show(self, job: str) -> dict[str, str]:
        """What Slurm knows of a job: JobState, ExitCode, Restarts, ..."""
        words = self.command("scontrol", "show", "job", "-o", job).splitlines()[0].split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def wait_for(self, job: str, *states: str, patience: float = PATIENCE) -> dict[str, str]:
        wait_until(lambda: self.show(job)["JobState"] in states, f"job {job} is {states}", patience)
        return self.show(job)

    def wait_for_end(self, job: str, patience: float = PATIENCE) -> dict[str, str]:
        return self.wait_for(job, "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", patience=patience)

    def wait_for_requeue(self, job: str) -> None:
        """Until the job waits for its next start, which comes by itself once the former credential has expired."""
        wait_until(lambda: (self.show(job)["JobState"], self.show(job)["Restarts"]) == ("PENDING", "1"), "requeued")
