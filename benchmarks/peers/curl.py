"""Curl, and when it has ended ``openssl dgst -sha256`` over what it wrote."""

from benchmarks.peers._command import Launcher, run_command
from benchmarks.peers._job import DigestMismatchError, Job

BATCH = 2_000
"""Files per openssl command, to stay far below the system's limit on arguments."""


def work(job: Job, launcher: Launcher) -> None:
    """Download with one curl, then hash with as few openssl commands as possible."""
    config = job.destination.parent / "curl.txt"
    config.write_text("".join(f'url = "{item.url}"\noutput = "{item.path.name}"\n' for item in job.items))
    command = ["curl", "--disable", "--silent", "--show-error", "--fail"]
    if len(job.items) > 1:
        command += ["--parallel", "--parallel-max", str(job.concurrency)]
    if job.ca_file is not None:
        command += ["--cacert", job.ca_file]
    launcher.call(*command, "--config", str(config))
    for start in range(0, len(job.items), BATCH):
        batch = job.items[start : start + BATCH]
        names = [item.path.name for item in batch]
        lines = launcher.call("openssl", "dgst", "-sha256", "-r", *names).splitlines()
        for item, line in zip(batch, lines, strict=True):
            if line.split()[0] != item.sha256:
                raise DigestMismatchError(item.path.name)


if __name__ == "__main__":
    run_command("curl", work)
