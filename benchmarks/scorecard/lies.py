"""The cases H: lies in the framing, in the head and in the coding of an answer.

Where framing alone has to prove the bytes, nobody is told size or digest (``knows=False``). Elsewhere everybody who
takes them is.
"""

from benchmarks.scorecard.case import SIZE, Case, Feature, Right

HALF = SIZE // 2

_FRAMING = (
    Case(
        key="H01", what="Content-Length larger than the body", right=Right.FAIL, path="/_/fault/truncate", knows=False
    ),
    Case(
        key="H01-old",
        what="Content-Length larger than the body, over an old file",
        right=Right.FAIL,
        path="/_/fault/truncate",
        old=True,
    ),
    Case(
        key="H02", what="10 bytes more than Content-Length", right=Right.EITHER, path="/_/fault/overlong", knows=False
    ),
    Case(key="H03", what="chunked body without last chunk", right=Right.FAIL, path="/_/fault/chunked-cut", knows=False),
    Case(
        key="H03-inside",
        what="chunked body cut in mid-chunk",
        right=Right.FAIL,
        path="/_/fault/chunked-cut?inside=1",
        knows=False,
    ),
    Case(
        key="H04",
        what="well-framed body of half the size",
        right=Right.FAIL,
        path="/_/fault/short",
        needs=Feature.PROOF,
    ),
    Case(key="H05", what="whole body, ended by closing", right=Right.WHOLE, path="/_/fault/close", knows=False),
    Case(
        key="H05-half",
        what="half a body, ended by closing",
        right=Right.FAIL,
        path=f"/_/fault/close?at={HALF}",
        needs=Feature.PROOF,
    ),
    Case(
        key="H06",
        what="half a body over TLS, ended without a farewell",
        right=Right.FAIL,
        path=f"/_/fault/close-abrupt?at={HALF}",
        knows=False,
        certificate="valid",
    ),
    Case(
        key="H07-two",
        what="two Content-Length fields that differ",
        right=Right.EITHER,
        path=f"/_/fault/two-lengths?second={HALF}",
        knows=False,
    ),
    Case(
        key="H07-negative",
        what="Content-Length: -5",
        right=Right.EITHER,
        path="/_/fault/length",
        knows=False,
    ),
    Case(
        key="H07-both",
        what="Content-Length and chunked",
        right=Right.EITHER,
        path="/_/fault/length-and-chunked",
        knows=False,
    ),
    Case(key="H08", what="chunk size of 68 bits", right=Right.EITHER, path="/_/fault/chunk-size", knows=False),
    Case(
        key="H08-extension",
        what="chunk extension of 1 MiB",
        right=Right.EITHER,
        path="/_/fault/chunk-extension",
        knows=False,
    ),
    Case(key="H09", what="connection reset in mid-body", right=Right.FAIL, path="/_/fault/reset", knows=False),
)

_HEADS = (
    Case(key="H10", what="closed before the status line", right=Right.FAIL, path="/_/fault/hang-up", knows=False),
    Case(
        key="H11",
        what="binary garbage in place of an answer",
        right=Right.FAIL,
        path="/_/fault/garbage?kind=binary",
        knows=False,
    ),
    Case(
        key="H11-http09",
        what="body without any head",
        right=Right.EITHER,
        path="/_/fault/garbage?kind=http09",
        knows=False,
    ),
    Case(key="H12", what="100,000 header fields", right=Right.EITHER, path="/_/fault/header-flood", limits=True),
    Case(
        key="H12-giant",
        what="a header field of a megabyte",
        right=Right.EITHER,
        path="/_/fault/header-giant",
        limits=True,
    ),
    Case(key="H13", what="endless 103 answers", right=Right.FAIL, path="/_/fault/interim", limits=True),
    Case(key="H13-few", what="three 103 answers, then the file", right=Right.WHOLE, path="/_/fault/interim?count=3"),
    Case(key="H14", what="302 without Location", right=Right.FAIL, path="/_/fault/no-location", knows=False),
    Case(key="H14-204", what="204 nobody asked for", right=Right.FAIL, path="/_/fault/unasked?status=204", knows=False),
    Case(
        key="H14-206", what="206 nobody asked for", right=Right.EITHER, path="/_/fault/unasked?status=206", knows=False
    ),
    Case(key="H14-304", what="304 nobody asked for", right=Right.FAIL, path="/_/fault/unasked?status=304", knows=False),
    Case(key="H15", what="login page with 200", right=Right.FAIL, path="/_/fault/page", needs=Feature.PROOF),
)

_CONTENTS = (
    Case(key="H16", what="file of no bytes", right=Right.WHOLE, path="/_/bytes/0", size=0),
    Case(
        key="H16-some",
        what="bytes where none are expected",
        right=Right.EITHER,
        path="/_/bytes/1000",
        size=0,
        needs=Feature.PROOF,
    ),
    Case(key="H17", what="gzip nobody asked for", right=Right.EITHER, path="/_/fault/gzip"),
    Case(
        key="H18",
        what="cut gzip whose length says it is whole",
        right=Right.FAIL,
        path="/_/fault/gzip-cut",
        knows=False,
    ),
    Case(
        key="H19",
        what="decompression bomb of 256 MiB",
        right=Right.CODED,
        path=f"/_/fault/bomb?size={256 << 20}",
        knows=False,
        limits=True,
    ),
)

LIES = (*_FRAMING, *_HEADS, *_CONTENTS)
"""All of them."""
