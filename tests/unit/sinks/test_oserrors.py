"""From an OSError of the file system to one of ours."""

from __future__ import annotations

import errno

import pytest

from haulage.errors import DestinationError, LocalResourceError, StorageError, StorageFull
from haulage.sinks.oserrors import storage_error, translated


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.ENOENT, DestinationError),
        (errno.ENOTDIR, DestinationError),
        (errno.EISDIR, DestinationError),
        (errno.EACCES, DestinationError),
        (errno.EPERM, DestinationError),
        (errno.EROFS, DestinationError),
        (errno.ENAMETOOLONG, DestinationError),
        (errno.ELOOP, DestinationError),
        (errno.EMFILE, LocalResourceError),
        (errno.ENFILE, LocalResourceError),
        (errno.ENOMEM, LocalResourceError),
        (errno.EIO, StorageError),
        (errno.ESTALE, StorageError),
    ],
)
def test_each_number_has_its_class(number: int, kind: type[StorageError]) -> None:
    """What the caller can do next decides, and the number and the path stay."""
    error = storage_error(OSError(number, "whatever"), "/srv/x")
    assert type(error) is kind
    assert (error.errno, error.filename) == (number, "/srv/x")
    assert "'/srv/x'" in str(error)
    assert error.transient is (kind is LocalResourceError)


@pytest.mark.parametrize("given", [OSError(), OSError("strange"), OSError(None, "strange")])
def test_without_a_number_there_are_still_words(given: OSError) -> None:
    """Errors of odd file objects have no number, and no path is known for them."""
    error = storage_error(given, None)
    assert type(error) is StorageError
    assert error.errno is None
    assert "the destination" in str(error)


class _Sink:
    path = "/srv/x"

    @translated
    def fails(self, error: Exception) -> None:
        """Raise *error*."""
        raise error

    @translated
    def works(self, value: int) -> int:
        """Return *value*."""
        return value


def test_a_translated_method_raises_ours() -> None:
    """The system's error is the cause, its class and path are ours; other errors pass."""
    given = OSError(errno.ENOSPC, "full")
    with pytest.raises(StorageFull) as caught:
        _Sink().fails(given)  # type: ignore[type-var]
    assert caught.value.__cause__ is given
    mine = DestinationError("no")
    with pytest.raises(DestinationError) as again:
        _Sink().fails(mine)  # type: ignore[type-var]
    assert again.value is mine
    with pytest.raises(ZeroDivisionError):
        _Sink().fails(ZeroDivisionError())  # type: ignore[type-var]


def test_a_translated_method_keeps_its_name_and_value() -> None:
    """Nothing else changes."""
    assert _Sink().works(5) == 5  # type: ignore[type-var]
    assert _Sink.works.__name__ == "works"
