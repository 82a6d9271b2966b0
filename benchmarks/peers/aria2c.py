"""aria2c with --checksum, one connection per file (its default), progress off."""

from benchmarks.peers._command import Launcher, run_command
from benchmarks.peers._job import Job


def work(job: Job, launcher: Launcher) -> None:
    """Give all files to one aria2c; it reads each finished file again to verify it."""
    jobs = job.destination.parent / "aria2c.txt"
    jobs.write_text(
        "".join(f"{item.url}\n out={item.path.name}\n checksum=sha-256={item.sha256}\n" for item in job.items)
    )
    command = [
        "aria2c",
        "--no-conf",
        "--quiet",
        "--file-allocation=none",
        f"--input-file={jobs}",
        f"--max-concurrent-downloads={job.concurrency}",
        f"--dir={job.destination}",
    ]
    if job.ca_file is not None:
        command.append(f"--ca-certificate={job.ca_file}")
    launcher.call(*command)


if __name__ == "__main__":
    run_command("aria2c", work)
