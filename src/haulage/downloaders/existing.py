"""Whether what is there already is what is wanted, so that nothing need be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from haulage.sinks.existing import ExistingFile
from haulage.steadfast import to_the_end

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from haulage.sinks.file import FileTarget
    from haulage.workers import Workers

__all__ = ["existing_attributes"]


async def existing_attributes(
    target: FileTarget,
    workers: Workers,
    *,
    algorithms: Iterable[str],
    expected_size: int | None,
    expected_digests: Mapping[str, str],
) -> dict[str, Any] | None:
    """Return size and digests of the regular file at *target* if they are the expected ones, and None otherwise.

    Args:
        target: The target, prepared.
        workers: The threads that read and hash.
        algorithms: Digests to compute, the expected ones among them.
        expected_size: Bytes it must have, where that is known.
        expected_digests: Digests it must have: name → hex.
    """
    existing = ExistingFile(target, algorithms, expected_size)
    has_more = True

    async def read() -> None:
        nonlocal has_more
        has_more = await workers.submit(existing.read)

    async def close() -> None:
        await workers.submit(existing.close)

    try:
        while has_more:
            # A thread cannot be called back, and must not read on when others close.
            await to_the_end(read())
    finally:
        if has_more:
            await to_the_end(close())
    found = existing.attributes
    return found if found is not None and expected_digests.items() <= found.items() else None
