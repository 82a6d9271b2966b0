"""Tests of `src/haulage/cart` that need no network and no server."""
