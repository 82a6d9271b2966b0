"""Receive cloud events on port 8080, with CherryPy, and download the files they tell of."""

from tempfile import mkdtemp

import cherrypy

from haulage import DownloadError, MalformedCart
from haulage.cart import Downloader


class Root:
    exposed = True

    @cherrypy.tools.json_in()
    @cherrypy.tools.json_out()
    def POST(self):
        """Accept a cloud event; answer when its files are there."""
        down_path = mkdtemp()
        try:
            files = Downloader(down_path).cloudevent(cherrypy.request.json)
        except MalformedCart as error:
            raise cherrypy.HTTPError(400, str(error)) from error
        except DownloadError as error:
            raise cherrypy.HTTPError(502, str(error)) from error
        return {"download_path": down_path, "files": [file.path for file in files]}


if __name__ == "__main__":
    cherrypy.quickstart(Root(), "/", {"/": {"request.dispatch": cherrypy.dispatch.MethodDispatcher()}})
