"""Floor 1: decisions. Synchronous, without I/O; where time matters, the clock is an argument."""
