"""Tests that mirror `src/haulage/rules` one to one: no network, no server."""
