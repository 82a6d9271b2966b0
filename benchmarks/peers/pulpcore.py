"""Pulp 3's downloaders, as its sync pipeline uses them, without its start-up and its database.

Django and the settings are made ready before the clock starts. ``Remote`` is Pulp's own model,
never saved. Pulp writes temporary files into its working directory; like its storage does, the
peer then renames them into place. With ``PEER_DIGESTS=default`` Pulp computes the four digests of
its default settings, else only sha256, which is the work all others do.
"""

# mypy: disable-error-code="import-not-found,import-untyped"

import asyncio
import base64
import json
import os
import uuid
from pathlib import Path
from typing import Any

from benchmarks.peers._job import Item, Job, run_async


def prepare() -> None:
    """Give Django the settings without which Pulp does not import, and start it."""
    directory = Path.cwd()
    key = directory / "pulp-database-key"
    key.write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings",
        "PULP_CONTENT_ORIGIN": "http://localhost",
        "PULP_SECRET_KEY": uuid.uuid4().hex * 2,
        "PULP_DB_ENCRYPTION_KEY": str(key),
        "PULP_DEPLOY_ROOT": str(directory),
        "PULP_WORKING_DIRECTORY": str(directory),
    }
    if os.environ.get("PEER_DIGESTS") != "default":
        os.environ["PULP_ALLOWED_CONTENT_CHECKSUMS"] = "@json " + json.dumps(["sha256"])
    import django  # noqa: PLC0415 - reads the environment made above

    django.setup()


async def work(job: Job) -> None:
    """Download all files at once; the factory's semaphore holds them back."""
    from pulpcore.plugin.download import DownloaderFactory  # noqa: PLC0415 - needs the settings
    from pulpcore.plugin.models import Remote  # noqa: PLC0415 - needs the settings

    remote = Remote(
        pulp_domain_id=uuid.uuid4(),
        url=job.items[0].url,
        download_concurrency=job.concurrency,
        ca_cert=job.authority(),
    )
    os.chdir(job.destination)
    factory = DownloaderFactory(remote)
    await asyncio.gather(*(_bring(factory, item) for item in job.items))
    await factory._session.close()  # noqa: SLF001 - Pulp has no public way; it waits for exit


async def _bring(factory: Any, item: Item) -> None:
    downloader = factory.build(item.url, expected_digests={"sha256": item.sha256}, expected_size=item.size)
    result = await downloader.run()
    os.replace(result.path, item.path)


if __name__ == "__main__":
    prepare()
    run_async("pulpcore", work)
