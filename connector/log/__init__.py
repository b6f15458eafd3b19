"""The structured log, with secrets and personal data masked as the last step before rendering.

Everything written in this process goes one way: our own events, the libraries' (uvicorn, apscheduler, sqlalchemy,
urllib3), warnings, and the traceback of a crash. A line is an event with facts as keywords; what a stretch of work
has in common is bound once: `with bound(run=…, ledger=…)`.
"""

from connector.log.masker import MASK, Masker
from connector.log.setup import MASKER, bound, configure, mask, open_log

__all__ = ["MASK", "MASKER", "Masker", "bound", "configure", "mask", "open_log"]
