"""Reads the stand-in with `exactpy`: log-in, divisions, accounts, receivables, ageing, a PDF. Prints JSON.

Known defects worked around: its account model takes BankAccounts only as a list and its receivable model wants
a field `ID`, so those rows are read with the client's own `get`.
"""

import json
import os
import sys
from pathlib import Path

import httpx

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from exactpy.client import Client


def pages(client, resource, **options):
    """All rows of a list, page by page with the client's own skiptoken."""
    token = None
    while True:
        page = client.get(resource, skip_token=token, **options).json()["d"]
        yield page["results"]
        if "__next" not in page:
            return
        token = Client._get_skip_token(page["__next"])


def main(base, redirect_uri, folder):
    cache = {"cache_path": Path(folder) / "exactpy.json"}
    client = Client(
        "sandbox-client",
        "sandbox-secret",
        redirect_uri,
        base_url=f"{base}/api",
        write_cache_callable_kwargs=cache,
        read_cache_callable_kwargs=cache,
        verbose=False,
    )
    client.auth_client.acquire_token(httpx.get(client.auth_client.get_authorization_url()).headers["location"])
    client.set_initial_division()
    named = [{"key": "Name", "val": "Bakkerij Jansen", "op": "eq"}]
    (account,) = client.get("crm/Accounts", filters=named, select=["ID", "Name"]).json()["d"]["results"]
    # `show` writes guid '...' with a blank.
    (shown,) = client.show("crm/Accounts", account["ID"], select=["Name"]).json()["d"]["results"]
    found = list(pages(client, "read/financial/ReceivablesList", select=["InvoiceNumber", "Amount"]))
    (attachment,) = client.get("documents/DocumentAttachments", select=["ID", "Url"]).json()["d"]["results"]
    headers = client.auth_client._check_token_and_get_headers()
    return {
        "divisions": {row.code: row.description for row in client.system.divisions.all()},
        "accounts": [shown["Name"]],
        "receivables": [[row["InvoiceNumber"], row["Amount"]] for page in found for row in page],
        "pages": [len(page) for page in found],
        "count": client.financial.receivables_lists.count(),
        "inline_count": int(client.financial.receivables_lists.all(inline_count=True)[1]),
        "ageing": [row.total_amount for row in client.financial.aging_receivables_lists.all()],
        "outstanding": [
            row.outstanding_receivable_invoice_amount for row in client.financial.outstanding_invoices_overviews.all()
        ],
        "pdf": httpx.get(attachment["Url"], headers=headers).content[:5].decode(),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
