"""The files of a new installation, as `incasso init` writes them."""
