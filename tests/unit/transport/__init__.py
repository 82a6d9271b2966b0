"""Tests that mirror `src/haulage/transport` one to one: no network, no server."""
