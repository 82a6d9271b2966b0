"""``hf_hub_download`` with a hub of its own, which sends it to the URL as the real one sends it to its storage.

The hub answers the HEAD request that precedes a download: it tells the size, the digest and where the file is. The hub
is where ``token`` goes.
"""

# mypy: disable-error-code="import-not-found,import-untyped"

import os
import ssl
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from benchmarks.scorecard.peers._task import Task

if TYPE_CHECKING:
    import httpx2

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def serve_hub(task: Task) -> ThreadingHTTPServer:
    """Serve the hub on a thread of its own."""

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(302)
            self.send_header("Location", task.url)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("X-Linked-ETag", f'"{task.sha256 or COMMIT}"')
            if task.size is not None:
                self.send_header("X-Linked-Size", str(task.size))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def make_client(ca_file: str) -> "httpx2.Client":
    """Make what huggingface_hub's own factory makes, with other certificates to trust."""
    import httpx2  # noqa: PLC0415 - after the environment is set

    trust = ssl.create_default_context(cafile=ca_file)
    return httpx2.Client(follow_redirects=True, timeout=None, verify=trust)


def main() -> None:
    """Bring the file."""
    task = Task.read()
    server = serve_hub(task)
    # Read when it is imported.
    os.environ |= {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "HF_HUB_DOWNLOAD_TIMEOUT": str(task.silence),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    import huggingface_hub  # noqa: PLC0415 - see above

    if task.ca_file is not None:
        huggingface_hub.set_client_factory(partial(make_client, task.ca_file))
    huggingface_hub.hf_hub_download(
        "owner/files",
        task.path.name,
        local_dir=task.directory,
        token=False if task.user is None else task.user[1],
        headers=task.headers or None,
    )


if __name__ == "__main__":
    main()
