"""Tests that mirror `src/haulage/sinks` one to one: no network, no server."""
