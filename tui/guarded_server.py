"""textual-serve's server, which only pages that it served itself may talk to.

A browser lets any page open a WebSocket to this machine; only the header `Origin`, which pages cannot change,
tells whose it is. textual-serve does not look at it, so that a foreign page could have typed into the app.
"""

from aiohttp import web
from textual_serve.server import Server


class GuardedServer(Server):
    """Refuses connections that do not come from its own page."""

    def __init__(self, command: str, *, host: str, port: int, title: str) -> None:
        super().__init__(command, host=host, port=port, title=title)
        self._own_pages = frozenset(f"http://{name}:{port}" for name in (host, "localhost"))

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Let the page in that this server sent, and no other."""
        if request.headers.get("Origin") not in self._own_pages:
            raise web.HTTPForbidden(text="Only the page that this server itself has sent may connect to it.")
        return await super().handle_websocket(request)
