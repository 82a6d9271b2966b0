"""``haulage demo``: runs, verifies, sums up, leaves nothing."""

from __future__ import annotations

import sys


def run_demo(haulage, tmp_path, *missing):
    """Run the demo as if modules were *missing*, in a temporary directory that is empty afterwards."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    blind = (
        f"import sys; sys.modules.update(dict.fromkeys({missing!r})); from haulage.cli import main; sys.exit(main())"
    )
    ended = haulage("demo", env={"TMPDIR": str(temporary)}, command=(sys.executable, "-W", "error", "-c", blind))
    assert list(temporary.iterdir()) == []
    assert haulage.left() == []
    return ended


def test_everything_is_as_expected(haulage, tmp_path):
    """All schemes, a retry, a redirect and a refused digest are shown and verified."""
    ended = run_demo(haulage, tmp_path)
    assert ended.code == 0, ended.err
    said = ended.out.decode()
    assert said.endswith("12 downloads, all as expected\n")
    assert "refused, nothing left" in said
    assert "verified at attempt 2" in said
    assert "https.bin" in said
    assert "cart of 12 files, unpacked" in said


def test_without_extras_it_says_what_is_left_out(haulage, tmp_path):
    """Without rich and trustme there are plain lines and no https."""
    ended = run_demo(haulage, tmp_path, "rich", "trustme")
    assert ended.code == 0, ended.err
    assert b"https was left out: TLS in the depot needs trustme" in ended.out
    assert ended.out.endswith(b"10 downloads, all as expected\n")
