"""Floor 3: the engine. One attempt loop, and where the bytes of each scheme come from."""
