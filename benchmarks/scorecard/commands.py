"""How the command-line tools are called for a task."""

from collections.abc import Iterator

from benchmarks.scorecard.peers._task import Task


def curl(task: Task) -> list[str]:
    """Return the command line of curl."""
    return ["curl", *_curl(task), task.url]


def wget(task: Task) -> list[str]:
    """Return the command line of wget.

    With ``--output-document`` it makes an empty file before it asks for anything, so it is given only where an old
    file is to be replaced, which it cannot do otherwise.
    """
    own = ["--no-config", "--no-verbose"]
    if task.retries:
        own.append("--retry-on-http-error=429,503")
    if task.name is None or not task.path.exists():
        return ["wget", *own, f"--directory-prefix={task.directory}", *_wget(task), task.url]
    return ["wget", *own, f"--output-document={task.path}", *_wget(task), task.url]


def wget2(task: Task) -> list[str]:
    """Return the command line of wget2."""
    place = [f"--directory-prefix={task.directory}"] if task.name is None else [f"--output-document={task.path}"]
    if task.name is None and not task.server_names:
        place.append("--cut-file-get-vars")
    if task.segments:
        place.append("--chunk-size=1M")
    return ["wget2", "--quiet", "--progress=none", *place, *_wget(task), task.url]


def aria2c(task: Task) -> list[str]:
    """Return the command line of aria2c."""
    return ["aria2c", *_aria2c(task), task.url]


def _curl(task: Task) -> Iterator[str]:
    yield from ("--disable", "--silent", "--show-error", "--fail", "--location", "--output-dir", task.directory)
    if task.name is not None:
        yield from ("--output", task.name)
    else:
        yield "--remote-name"
        if task.server_names:
            yield "--remote-header-name"
    # The two exclude each other: what is removed cannot be resumed.
    yield from ("--continue-at", "-") if task.resume else ("--remove-on-error",)
    yield from ("--connect-timeout", str(task.silence))
    limits = task.limits
    if limits is None:
        yield from ("--speed-limit", "1", "--speed-time", str(task.silence))
    else:
        yield from ("--speed-limit", str(limits.speed), "--speed-time", str(limits.speed_time))
        yield from ("--max-filesize", str(limits.max_size), "--max-time", str(limits.total))
    if task.retries:
        yield from ("--retry", str(task.retries))
        if limits is not None:
            yield from ("--retry-max-time", str(limits.total))
    if task.ca_file is not None:
        yield from ("--cacert", task.ca_file)
    if task.user is not None:
        yield from ("--user", ":".join(task.user))
    if task.header is not None:
        yield from ("--header", ": ".join(task.header))
    if task.https_only:
        yield from ("--proto-redir", "=https")


def _wget(task: Task) -> Iterator[str]:
    """Yield what wget and wget2 have in common."""
    yield from ("--no-hsts", f"--timeout={task.silence}", f"--tries={1 + task.retries}", "--waitretry=1")
    if task.server_names:
        yield "--content-disposition"
    if task.resume:
        yield "--continue"
    if task.ca_file is not None:
        yield f"--ca-certificate={task.ca_file}"
    if task.user is not None:
        yield from (f"--user={task.user[0]}", f"--password={task.user[1]}")
    if task.header is not None:
        yield "--header={}: {}".format(*task.header)
    if task.https_only:
        yield "--https-only"


def _aria2c(task: Task) -> Iterator[str]:
    yield from ("--no-conf", "--console-log-level=error", "--summary-interval=0", "--download-result=hide")
    yield from ("--file-allocation=none", "--auto-file-renaming=false", f"--dir={task.directory}")
    yield from (f"--connect-timeout={task.silence}", f"--timeout={task.silence}")
    yield from (f"--max-tries={1 + task.retries}", "--retry-wait=1")
    if task.name is not None:
        yield f"--out={task.name}"
    yield "--continue=true" if task.resume else "--allow-overwrite=true"
    if task.limits is not None:
        yield from (f"--lowest-speed-limit={task.limits.speed}", f"--stop={task.limits.total}")
    if task.segments:
        yield from ("--split=4", "--max-connection-per-server=4", "--min-split-size=1M")
    if task.sha256 is not None:
        yield f"--checksum=sha-256={task.sha256}"
    if task.ca_file is not None:
        yield f"--ca-certificate={task.ca_file}"
    if task.user is not None:
        yield from (f"--http-user={task.user[0]}", f"--http-passwd={task.user[1]}")
    if task.header is not None:
        yield "--header={}: {}".format(*task.header)
