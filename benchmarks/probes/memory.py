"""How many bytes of memory a job takes beyond the idle process.

Idle means: everything imported, the event loop running, nothing opened. The kernel's high-water
mark is set back there, so what importing took does not count.
"""

from pathlib import Path

from benchmarks.peers._job import Job, memory, run_async
from benchmarks.peers.haulage import work

RESET_PEAK = "5"
"""What makes the kernel forget the highest resident size so far."""


async def gauge(job: Job) -> dict[str, float]:
    """Do the job and return the bytes of resident memory: idle, peak, and the difference."""
    idle = reset_peak()
    await work(job)
    return over_idle(idle)


def reset_peak() -> int:
    """Set the high-water mark of resident memory back, and return what is resident now, in bytes."""
    idle = memory("VmRSS")
    if not idle:
        msg = "this system has no /proc/self/status to read resident memory from"
        raise OSError(msg)
    Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    return idle


def over_idle(idle: int) -> dict[str, float]:
    """Return the bytes of resident memory since `reset_peak`: idle, peak, and the difference."""
    peak = memory("VmHWM")
    return {"idle": idle, "peak": peak, "over_idle": peak - idle}


if __name__ == "__main__":
    run_async("haulage", gauge)
