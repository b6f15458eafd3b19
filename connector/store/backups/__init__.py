"""Back-ups: made while others write, tried by restoring them, and put back into a store that is then in quarantine."""

from connector.store.backups.make import Backup, back_up, default_name, last_backup
from connector.store.backups.prune import prune
from connector.store.backups.put_back import Restored, restore
from connector.store.backups.trial import Trial, try_out

__all__ = ["Backup", "Restored", "Trial", "back_up", "default_name", "last_backup", "prune", "restore", "try_out"]
