"""Receive cloud events, with aiohttp.web, and download the files they tell of, many events at the same time."""

import asyncio
import os
from tempfile import mkdtemp

from aiohttp import web

from haulage import DownloadError, MalformedCart
from haulage.cart import Downloader

routes = web.RouteTableDef()


@routes.post("/")
async def receive(request: web.Request) -> web.Response:
    """Accept a cloud event; answer when its files are there."""
    down_path = await asyncio.to_thread(mkdtemp)
    try:
        files = await Downloader(down_path).acloudevent(await request.json())
    except (MalformedCart, ValueError) as error:
        return web.json_response({"error": str(error)}, status=400)
    except DownloadError as error:
        return web.json_response({"error": str(error)}, status=502)
    return web.json_response({"download_path": down_path, "files": [file.path for file in files]})


def make_app() -> web.Application:
    # Events with many files are larger than the mebibyte that aiohttp takes by default.
    app = web.Application(client_max_size=256 << 20)
    app.add_routes(routes)
    return app


if __name__ == "__main__":
    web.run_app(make_app(), host="127.0.0.1", port=int(os.environ.get("PORT", "8080")))
