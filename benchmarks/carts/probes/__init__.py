"""Gauges of haulage alone, each run as a process of its own, like a peer."""
