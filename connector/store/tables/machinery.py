"""The machinery's own memory: runs, tasks, the audit trail, back-ups, tokens, budgets."""

from sqlalchemy import BigInteger, Column, Date, Index, Integer, Table, Text, UniqueConstraint

from connector.store.columns import Blob, Instant, Json, Key, Word
from connector.store.tables.schema import Serial, metadata

# One run of one verb: when, how it ended, what it counted.
run = Table(
    "run",
    metadata,
    Column("id", Key, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("verb", Word, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", Word, nullable=False),
    Column("message", Text, nullable=False),
    Column("counts", Json, nullable=False),
    Index("ix_run_ledger_started_at", "ledger", "started_at"),
)

# What waits for a person: questions of the agency, parked deliveries, brakes, unmapped statuses.
task = Table(
    "task",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("ledger", Key, nullable=False),
    Column("kind", Word, nullable=False),
    Column("key", Key, nullable=False),
    Column("case_ref", Key, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Json, nullable=False),
    Column("deadline", Date),
    Column("opened_at", Instant, nullable=False),
    Column("done_at", Instant),
    Column("outcome", Text, nullable=False),
    UniqueConstraint("ledger", "kind", "key"),
)

# Who did what, when: persons and the program. Rows are only ever added: the database refuses the rest by trigger.
# The rows of one ledger are a chain, those of no ledger are another. No personal data of debtors: things are named
# by their keys.
audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("ledger", Key, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Key, nullable=False),
    Column("subject", Key, nullable=False),
    Column("detail", Json, nullable=False),
    # The place in the chain, from 1, without a gap.
    Column("number", BigInteger, nullable=False),
    # SHA-256 of the hash before (32 zero bytes before the first) and the row as canonical JSON.
    Column("hash", Blob, nullable=False),
    Index("ix_audit_ledger_subject", "ledger", "subject"),
    UniqueConstraint("ledger", "number"),
)

# Where each chain of the audit trail ends: whoever adds to it locks this row first.
audit_head = Table(
    "audit_head",
    metadata,
    Column("ledger", Key, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", Blob, nullable=False),
)

# Back-ups that this program made. A back-up holds its own row, not yet done.
backup = Table(
    "backup",
    metadata,
    # Everything that was committed before this instant is in the back-up.
    Column("at", Instant, primary_key=True),
    Column("file", Text, nullable=False),
    Column("done_at", Instant),
)

# One row while the store was restored from a back-up, and what left the house after the back-up is not looked up yet.
quarantine = Table(
    "quarantine",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    # Null: nobody knows how old the back-up was.
    Column("backup_at", Instant),
)

# Log-ins; `key_id` tells under which key of the ring.
token = Table(
    "token",
    metadata,
    Column("connection", Key, primary_key=True),
    Column("name", Key, primary_key=True),
    Column("blob", Blob, nullable=False),
    Column("key_id", Key, nullable=False),
    Column("at", Instant, nullable=False),
)

# Small facts that a plugin keeps between runs; no secrets.
plugin_state = Table(
    "plugin_state",
    metadata,
    Column("connection", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("value", Json, nullable=False),
    Column("at", Instant, nullable=False),
)

# How a connection stood after it was last used, so that the status can say what to do.
connection_state = Table(
    "connection_state",
    metadata,
    Column("connection", Key, primary_key=True),
    Column("state", Word, nullable=False),
    Column("message", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# Calls counted of late and in the running day; instants in milliseconds since 1970, UTC. `calls` holds pairs: the
# instant until which calls count, and how many they are. `minute_left` and `day_left` are what the server said is left
# of its minute and its day, minus what was taken since; null while it has said nothing.
budget = Table(
    "budget",
    metadata,
    Column("connection", Key, primary_key=True),
    Column("company", Key, primary_key=True),
    Column("calls", Json, nullable=False),
    Column("minute_until", BigInteger, nullable=False),
    Column("minute_left", Integer),
    Column("day_until", BigInteger, nullable=False),
    Column("day_used", Integer, nullable=False),
    Column("day_left", Integer),
    Column("paused_until", BigInteger, nullable=False),
)

# The processes of the service that live, or died a moment ago. `seen_at` is their last sign of life, by the database's
# clock; the figures are what each saw of the engine then: `running` in itself, the others over all machines.
worker = Table(
    "worker",
    metadata,
    Column("id", Key, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Word, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("running", Integer, nullable=False),
    Column("queued", Integer, nullable=False),
    Column("stuck", Integer, nullable=False),
    # Seconds that the longest-waiting run that might begin has waited.
    Column("lag", Integer, nullable=False),
)
