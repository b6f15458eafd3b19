"""The source: one administration of Exact Online, opened."""

from collections.abc import Iterator

from connector.api import Context
from connector.errors import ConfigError
from connector.model import Document, Page, Receipt, SourceUpdate
from connector_exact.client import Client
from connector_exact.config import ExactConfig
from connector_exact.cursor import read_cursor
from connector_exact.division import choose_division, read_division
from connector_exact.pull import Pull
from connector_exact.rights import Rights
from connector_exact.tokens import TokenKeeper


class ExactSource:
    """Implements `connector.api.Source` for one division."""

    def __init__(self, config: ExactConfig, context: Context) -> None:
        self._config = config
        self._context = context
        self._keeper = TokenKeeper(config, context)

    def check(self) -> None:
        """Try the log-in with one call, then the rights with one each. Writes nothing to the ledger.

        Without a division the ConfigError lists those to choose from.
        """
        client = Client(self._config, self._context, self._keeper, person=True)
        if self._config.division is None:
            raise choose_division(client)
        read_division(client, self._config.division, self._context)
        Rights(self._config, self._context, client).assert_all()

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Pages from `cursor` to now; see `connector_exact.pull`. Raises ConfigError for another ledger's cursor."""
        position = read_cursor(cursor, self._config, self._division())
        return Pull(self._config, self._context, self._client(), position).pages()

    def report(self, update: SourceUpdate, *, key: str) -> Receipt:
        """Keep the case's note on the debtor's card. Raises ConfigError when write-back is switched off."""
        self._division()
        if not self._config.write_back:
            raise ConfigError("write-back is switched off", key="write_back", mend="Set it to true to keep notes.")
        # Notes and documents are imported at use: a pull has neither.
        from connector_exact.notes import NoteKeeper

        return NoteKeeper(self._config, self._context, self._client(writing=True)).keep(update, key=key)

    def document(self, claim: str) -> Document | None:
        """The invoice PDF of a claim, or None when there is none or documents are switched off."""
        self._division()
        if not self._config.invoice_documents:
            return None
        from connector_exact.documents import InvoiceFinder

        return InvoiceFinder(self._config, self._context, self._client(writing=True)).find(claim)

    def _division(self) -> int:
        if self._config.division is None:
            raise ConfigError(
                "no administration is chosen",
                key="division",
                mend="Write its number into the ledger's [source]; checking the connection lists the numbers.",
            )
        return self._config.division

    def _client(self, *, writing: bool = False) -> Client:
        return Client(self._config, self._context, self._keeper, writing=writing)
