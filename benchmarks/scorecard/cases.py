"""The cases: slowness, refusals, redirects, certificates, disks and ranges here, and all of them together."""

from benchmarks.scorecard.case import SIZE, Case, Feature, Right
from benchmarks.scorecard.lies import HALF, LIES
from haulage.depot.certificates import Certificate

TELLING = "c4n4ry"
"""A word that stands in secrets and nowhere else."""

ESCAPE = "../../escaped.bin"
"""A name that a server gives a file to get it out of its directory."""

_PACE = (
    Case(key="S01", what="endless body", right=Right.FAIL, path="/_/fault/endless", knows=False, limits=True),
    Case(key="S02", what="Content-Length of 4 EiB", right=Right.FAIL, path="/_/fault/huge", knows=False, limits=True),
    Case(key="S03", what="10 bytes per second", right=Right.FAIL, path="/_/fault/drip", limits=True),
    Case(key="S04", what="no answer", right=Right.FAIL, path="/_/fault/silent", limits=True),
    Case(
        key="S04-drip",
        what="head of a byte per second",
        right=Right.FAIL,
        path="/_/fault/head-drip?delay=1",
        limits=True,
    ),
    Case(key="S06", what="stall before the last byte", right=Right.FAIL, path="/_/fault/stall"),
    Case(
        key="S07",
        what="100,000 chunks of one byte",
        right=Right.WHOLE,
        path="/_/fault/crumbs",
    ),
)

_REFUSALS = (
    Case(
        key="Q01",
        what="429 with Retry-After: 3, once",
        right=Right.WHOLE,
        path="/_/fault/refuse?status=429&seconds=3&times=1",
        retries=2,
        wait=3.0,
        needs=Feature.RETRIES,
    ),
    Case(
        key="Q02",
        what="503 with garbage in Retry-After, once",
        right=Right.WHOLE,
        path="/_/fault/refuse?status=503&kind=garbage&times=1",
        retries=2,
        needs=Feature.RETRIES,
    ),
    Case(
        key="Q03",
        what="429 with Retry-After in the year 2100",
        right=Right.FAIL,
        path="/_/fault/refuse?status=429&kind=far",
        retries=2,
        limits=True,
    ),
    Case(
        key="Q05",
        what="503 once",
        right=Right.WHOLE,
        path="/_/fault/refuse?status=503&kind=none&times=1",
        retries=2,
        needs=Feature.RETRIES,
    ),
    Case(key="Q06", what="404 with a page", right=Right.FAIL, path="/_/status/404", knows=False),
)

_CERTIFICATES: tuple[tuple[Certificate, str], ...] = (
    ("expired", "expired certificate"),
    ("not-yet", "certificate of the future"),
    ("wrong-host", "certificate of another host"),
    ("self-signed", "self-signed certificate"),
    ("old-tls", "nothing newer than TLS 1.1"),
)

_LED_ASTRAY = (
    Case(
        key="D01",
        what="redirect to file:",
        right=Right.FAIL,
        path="/_/fault/redirect-scheme?scheme=file",
        knows=False,
    ),
    Case(
        key="D02",
        what="redirect from https to http",
        right=Right.FAIL,
        path=f"/_/fault/redirect-foreign?to={{foreign}}/_/bytes/{SIZE}",
        certificate="valid",
        foreign=True,
        https_only=True,
    ),
    Case(
        key="D06",
        what="redirect to another host that asks for a password",
        right=Right.SECRET,
        path=f"/_/fault/redirect-foreign?to={{foreign}}/_/bytes/{SIZE}",
        foreign=True,
        locked=True,
        needs=Feature.CREDENTIALS,
    ),
    Case(
        key="D06-header",
        what="redirect to another host, X-Api-Key set",
        right=Right.SECRET,
        path=f"/_/fault/redirect-foreign?to={{foreign}}/_/bytes/{SIZE}",
        foreign=True,
        header=True,
        needs=Feature.HEADERS,
    ),
    Case(key="D07", what="redirect loop", right=Right.FAIL, path="/_/fault/redirect-loop", knows=False),
    Case(key="D08", what=".netrc that nobody mentioned", right=Right.SECRET, path=f"/_/bytes/{SIZE}", netrc=True),
    Case(key="D13-valid", what="good certificate", right=Right.WHOLE, path=f"/_/bytes/{SIZE}", certificate="valid"),
    *(
        Case(key=f"D13-{kind}", what=what, right=Right.FAIL, path=f"/_/bytes/{SIZE}", certificate=kind)
        for kind, what in _CERTIFICATES
    ),
)
_PLACES = (
    Case(
        key="F01",
        what=f"Content-Disposition: {ESCAPE}",
        right=Right.INSIDE,
        path=f"/_/named?name={ESCAPE}&size={SIZE}",
        needs=Feature.SERVER_NAMES,
    ),
    Case(
        key="F05",
        what="name taken from a URL with a secret query",
        right=Right.NAMED,
        path=f"/target.bin?signature={TELLING}",
        needs=Feature.URL_NAMES,
    ),
    Case(
        key="F06",
        what="disk with room for a quarter",
        right=Right.FAIL,
        path=f"/_/bytes/{4 << 20}",
        size=4 << 20,
        small_disk=True,
    ),
    Case(key="F09", what="kill -9 in mid-body", right=Right.UNTOUCHED, path=f"/_/fault/stall?at={HALF}", kill=True),
    Case(
        key="F09-old",
        what="kill -9 in mid-body, over an old file",
        right=Right.UNTOUCHED,
        path=f"/_/fault/stall?at={HALF}",
        kill=True,
        old=True,
    ),
    Case(
        key="R15",
        what="ranges promised to HEAD, ignored by GET",
        right=Right.WHOLE,
        path=f"/_/fault/range-lie?size={4 << 20}",
        size=4 << 20,
        knows=False,
        needs=Feature.SEGMENTS,
    ),
    Case(
        key="R06",
        what="cut, then another version of the file",
        right=Right.VERSION,
        path="/_/fault/truncate/target.bin?times=1",
        knows=False,
        retries=2,
        changing=True,
        needs=Feature.RESUME,
    ),
)

CASES = (*LIES, *_PACE, *_REFUSALS, *_LED_ASTRAY, *_PLACES)
"""All cases."""
