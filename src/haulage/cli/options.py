"""Options that every command with downloads has, and the settings they become."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from haulage.cli import credentials
from haulage.cli.arguments import byte_count, byte_rate, count, positive, seconds
from haulage.cli.exits import UsageError
from haulage.errors import SettingsError
from haulage.remote import Remote

if TYPE_CHECKING:
    import argparse

__all__ = ["add_display", "add_network", "add_user", "remote_for"]

# Setting → option.
_OPTIONS = {
    "ca_cert": "--ca-cert",
    "client_cert": "--client-cert",
    "client_key": "--client-key",
    "connect_timeout": "--connect-timeout",
    "download_concurrency": "--jobs",
    "headers": "-H",
    "low_speed_limit": "--low-speed-limit",
    "low_speed_time": "--low-speed-time",
    "max_retries": "--retries",
    "max_size": "--max-size",
    "max_speed": "--limit-rate",
    "password": "--password-file",
    "proxy_url": "--proxy",
    "total_timeout": "--timeout",
    "username": "--user",
}
_JOBS = 10

_SETTING = re.compile(rf"\b(?:{'|'.join(_OPTIONS)})\b")


def add_network(parser: argparse.ArgumentParser, *, several: bool = True, timeout: str = "--timeout") -> None:
    """Add the options about connections and limits.

    Args:
        parser: Gets the options.
        several: Whether there may be more than one download.
        timeout: The name of the option for the time of an attempt.
    """
    speed = parser.add_argument_group("speed and limits")
    if several:
        speed.add_argument(
            "-j", "--jobs", type=positive, default=_JOBS, metavar="N", help=f"downloads at once (default: {_JOBS})"
        )
    else:
        parser.set_defaults(jobs=_JOBS)
    speed.add_argument(
        "--limit-rate", type=byte_rate, metavar="BYTES", help="bytes per second, all together; K, M, G are understood"
    )
    speed.add_argument("--retries", type=count, default=3, metavar="N", help="further attempts (default: 3)")
    speed.add_argument("--max-size", type=byte_count, metavar="BYTES", help="refuse what is larger")
    speed.add_argument(
        timeout, dest="total_timeout", type=seconds, metavar="S", help="for one attempt as a whole (default: none)"
    )
    speed.add_argument("--connect-timeout", type=seconds, metavar="S", help="for getting a connection")
    speed.add_argument("--low-speed-limit", type=byte_rate, metavar="BYTES", help="give up when slower, per second …")
    speed.add_argument("--low-speed-time", type=seconds, metavar="S", help="… for so long (default: 30)")

    access = parser.add_argument_group("access")
    access.add_argument(
        "-H",
        "--header",
        dest="headers",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="send a header; @FILE reads headers from a file, which keeps secrets out of the arguments",
    )
    add_user(access)
    access.add_argument("--ca-cert", metavar="FILE", help="trust these certificates instead of the system's")
    access.add_argument("--client-cert", metavar="FILE", help="our certificate")
    access.add_argument("--client-key", metavar="FILE", help="its key, if that is in another file")
    access.add_argument("--insecure", action="store_true", help="accept any certificate")
    access.add_argument(
        "--proxy",
        metavar="URL",
        help=f"instead of the environment's; its password: ${credentials.PROXY_PASSWORD_VARIABLE}",
    )


def add_user(parser: argparse._ActionsContainer) -> None:
    """Add the options about user and password."""
    parser.add_argument(
        "--user",
        metavar="NAME",
        help=f"user; the password comes from ${credentials.PASSWORD_VARIABLE}, a file or a prompt",
    )
    parser.add_argument("--password-file", metavar="FILE", help="file whose first line is the password")


def add_display(parser: argparse.ArgumentParser) -> None:
    """Add the options about what is shown."""
    shown = parser.add_argument_group("output")
    shown.add_argument("--json", action="store_true", help="events as JSON lines on standard output")
    shown.add_argument("-q", "--quiet", action="store_true", help="say nothing but failures")
    shown.add_argument(
        "-v", "--verbose", action="count", default=0, help="say more; twice: tracebacks, to find mistakes in haulage"
    )


def remote_for(options: argparse.Namespace, **more: Any) -> Remote:
    """Return the settings for *options*; proxies of the environment are honoured.

    Args:
        options: What `add_network` added.
        more: Further settings.

    Raises:
        UsageError: They cannot be right; the message names the option.
    """
    proxy_password = credentials.check_proxy(options.proxy)
    try:
        return Remote(
            ca_cert=options.ca_cert,
            client_cert=options.client_cert,
            client_key=options.client_key,
            tls_validation=not options.insecure,
            username=options.user,
            password=credentials.password_for(options.user, options.password_file),
            proxy_url=options.proxy,
            proxy_password=proxy_password,
            headers=credentials.headers(options.headers) or None,
            download_concurrency=options.jobs,
            max_retries=options.retries,
            max_speed=options.limit_rate,
            max_size=options.max_size,
            total_timeout=options.total_timeout,
            connect_timeout=options.connect_timeout,
            low_speed_limit=options.low_speed_limit,
            low_speed_time=options.low_speed_time,
            trust_env=True,
            **more,
        )
    except SettingsError as error:
        raise UsageError(_in_options(error)) from None


def _in_options(error: SettingsError) -> str:
    """Return what *error* says, with options in place of settings."""
    message = _SETTING.sub(lambda match: _OPTIONS[match[0]], error.message)
    option = _OPTIONS.get(error.field or "")
    return message if option is None or option in message else f"{option}: {message}"
