"""Tests that mirror `src/haulage/downloaders` one to one: no network, no server."""
