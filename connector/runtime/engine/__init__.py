"""The engine: a port of few verbs, in this process or over many machines."""

from connector.runtime.engine.port import URGENT, USUAL, Engine, Going, Handler, Load, Run

__all__ = ["URGENT", "USUAL", "Engine", "Going", "Handler", "Load", "Run"]
