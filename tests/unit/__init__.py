"""Tests that mirror `src/haulage` one to one: no network, no server."""
