"""Floor 2: HTTP. The only place that knows aiohttp's client."""
