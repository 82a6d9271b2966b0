"""A directory that is being written to.

Names are opened relative to the directory's descriptor where the system can: a path that is swapped for a link in
mid-download leads nobody astray. Opening a directory also removes the orphans in it and notes which names are
directories, so that the many downloads that follow are checked without touching the disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat

from haulage.errors import DestinationError, StorageFull
from haulage.sinks.parts import is_orphan
from haulage.sinks.renaming import rename_new

__all__ = ["Directory"]

_HAS_DIR_FD = {os.open, os.unlink, os.rename, os.link, os.stat} <= os.supports_dir_fd
_O_FLAGS = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_O_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_O_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_LINKS = {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


class Directory:
    """A directory to write into. Its methods run in worker threads.

    Args:
        path: Its absolute path.

    Attributes:
        occupied: Names that no file may take the place of, with the reason: what was a directory or a device, a pipe,
            a socket when it was opened.

    Raises:
        DestinationError: It is missing, no directory, or may not be written to.
        OSError: It cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.fd: int | None = None
        if not os.path.isdir(path):
            what = "not a directory" if os.path.lexists(path) else "no such directory"
            msg = f"cannot write into {path!r}: {what}"
            raise DestinationError(msg, filename=path)
        if not os.access(path, os.W_OK | os.X_OK):
            # Nothing but that stops root, whom permissions do not.
            is_fixed = hasattr(os, "statvfs") and os.statvfs(path).f_flag & os.ST_RDONLY
            number = errno.EROFS if is_fixed else errno.EACCES
            msg = f"cannot write into {path!r}: {os.strerror(number).lower()}"
            raise DestinationError(msg, errno=number, filename=path)
        if _HAS_DIR_FD:
            self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.occupied = self._sweep()

    def is_current(self) -> bool:
        """Whether the path still leads here."""
        if self.fd is None:
            return os.path.isdir(self.path)
        try:
            return os.path.samestat(os.fstat(self.fd), os.stat(self.path))
        except OSError:
            return False

    def create(self, name: str) -> int:
        """Create the file *name*, which must not exist, and return its descriptor."""
        # 0666 less the umask: the finished file has the mode any new file has.
        return os.open(self._at(name), _O_FLAGS | _O_NOFOLLOW, 0o666, dir_fd=self.fd)

    def open(self, name: str) -> int:
        """Open what is there as *name* for reading, without following or waiting, and return its descriptor."""
        if not _O_NOFOLLOW and os.path.islink(self._at(name)):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        return os.open(self._at(name), _O_READ | _O_NOFOLLOW, dir_fd=self.fd)

    def has(self, name: str) -> bool:
        """Whether something is there as *name*, and be it a link that leads nowhere."""
        try:
            self._status(name)
        except FileNotFoundError:
            return False
        return True

    def publish(self, part: str, name: str) -> None:
        """Give the file *part* the name *name*, in place of what has it now."""
        os.replace(self._at(part), self._at(name), src_dir_fd=self.fd, dst_dir_fd=self.fd)

    def publish_new(self, part: str, name: str) -> None:
        """Give the file *part* the name *name* if nothing has it. The file system decides, so there is no race.

        Raises:
            FileExistsError: Something has that name.
        """
        if os.name == "nt":
            os.rename(self._at(part), self._at(name))  # which replaces nothing there
            return
        try:
            self.link(part, name)
        except FileExistsError:
            # Over NFS a link may be made and the answer lost; asked again, the server finds the one that it made.
            if not self._are_one(part, name):
                raise
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            self._publish_without_links(part, name)
            return
        with contextlib.suppress(OSError):
            self.remove(part)

    def link(self, part: str, name: str) -> None:
        """Give the file *part* the further name *name*, which nothing may have."""
        os.link(self._at(part), self._at(name), src_dir_fd=self.fd, dst_dir_fd=self.fd, follow_symlinks=self.fd is None)

    def rename_new(self, part: str, name: str) -> bool:
        """Rename the file *part* to *name*, which nothing may have; return whether that can be done here."""
        return self.fd is not None and rename_new(self.fd, part, name)

    def remove(self, name: str) -> None:
        """Remove the file *name*."""
        os.unlink(self._at(name), dir_fd=self.fd)

    def check_room(self, size: int, path: str | None) -> None:
        """Refuse *size* bytes for *path* where there is no room for them.

        Raises:
            StorageFull: There is none.
        """
        if self.fd is None or not hasattr(os, "fstatvfs"):
            return
        room = os.fstatvfs(self.fd)
        free = room.f_bavail * room.f_frsize
        # Some file systems say nothing of their size.
        if room.f_blocks and free < size:
            msg = f"cannot write {path!r}: {size} bytes to come, {free} free"
            raise StorageFull(msg, errno=errno.ENOSPC, filename=path)

    def flush(self) -> None:
        """See to it that the names in here are on the disk, where the system can."""
        if self.fd is not None:
            os.fsync(self.fd)

    def close(self) -> None:
        """Close the descriptor, once. Nothing depends on what the system says to that."""
        fd, self.fd = self.fd, None
        if fd is not None:
            with contextlib.suppress(OSError):
                os.close(fd)

    def _publish_without_links(self, part: str, name: str) -> None:
        """As `publish_new`, on FAT and the like.

        An empty file of ours that held the name meanwhile would be what is there if we were killed. So where even such
        a rename is not to be had, one call lies between looking and renaming.
        """
        if self.rename_new(part, name):
            return
        if self.has(name):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)
        self.publish(part, name)

    def _are_one(self, part: str, name: str) -> bool:
        try:
            return os.path.samestat(self._status(part), self._status(name))
        except FileNotFoundError:
            return False

    def _status(self, name: str) -> os.stat_result:
        return os.stat(self._at(name), dir_fd=self.fd, follow_symlinks=False)

    def _at(self, name: str) -> str:
        return name if self.fd is not None else os.path.join(self.path, name)

    def _sweep(self) -> dict[str, str]:
        """Remove the orphans and return the names that are occupied. What cannot be read is left alone."""
        found: dict[str, str] = {}
        with contextlib.suppress(OSError), os.scandir(self.path if self.fd is None else self.fd) as entries:
            for entry in entries:
                # A tree of somebody's that is deeper than Python may recurse is left where it is.
                with contextlib.suppress(OSError, RecursionError):
                    if is_orphan(entry):
                        self._remove_orphan(entry)
                    elif entry.is_dir(follow_symlinks=False):
                        found[entry.name] = "is a directory"
                    elif not entry.is_file(follow_symlinks=False) and _is_special(self.path, entry):
                        found[entry.name] = "is not a regular file"
        return found

    def _remove_orphan(self, entry: os.DirEntry[str]) -> None:
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(self._at(entry.name), ignore_errors=True, dir_fd=self.fd)
        else:
            self.remove(entry.name)


def _is_special(directory: str, entry: os.DirEntry[str]) -> bool:
    """Whether *entry* is, or is a link to, a device, a pipe, a socket, or a descriptor such as ``/dev/stdout`` is."""
    path = os.path.join(directory, entry.name)
    if not entry.is_symlink():
        return True
    if os.readlink(path).startswith("/proc/"):
        return True
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
