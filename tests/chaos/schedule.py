"""One ledger at a time, a slot once, over many workers that are killed at random; on PostgreSQL.

    python tests/chaos/schedule.py --workers 8 --jobs 20000
    python tests/chaos/schedule.py --workers 4 --jobs 4000 --drops 100

Prints what was done, killed, doubled and lost; ends with 1 when anything was doubled, overlapped or lost.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from chaos.harness import Outcome, chaos, rampage
from databases import Databases, postgres_server

_SLOTS = 10


def run(url: str, folder: Path, given: argparse.Namespace) -> Outcome:
    with chaos(url, url, folder) as made:
        made.jobs(max(1, given.jobs // _SLOTS), _SLOTS, seconds=given.seconds)
        return rampage(
            made,
            workers=given.workers,
            patience=given.patience,
            kill_every=given.kill_every,
            drop_every=given.drop_every,
            most_drops=given.drops,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=0.02, help="how long the work of one job takes")
    parser.add_argument("--kill-every", type=float, default=2.0, help="seconds between two kills; 0 is none")
    parser.add_argument("--drops", type=int, default=0, help="how often the engine's tables are dropped")
    parser.add_argument("--drop-every", type=float, default=20.0, help="seconds between two drops")
    parser.add_argument("--patience", type=float, default=3600.0, help="seconds after which the rest counts as lost")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres_server() as server:
        outcome = run(Databases(server).url(), Path(folder), given)
        print(f"{given.workers} workers, {outcome}")
    return int(bool(outcome.lost or outcome.duplicates or (outcome.overlaps and not given.drops)))


if __name__ == "__main__":
    sys.exit(main())
