"""The control API: what Python callers do to a simulator, over HTTP and in JSON. docs/simulator.md lists the calls."""

from bellwire.simulator.control.routes import routes

__all__ = ["routes"]
