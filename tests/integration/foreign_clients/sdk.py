"""Reads the stand-in with `exact-online-sdk`: log-in, divisions, accounts, receivables, a PDF. Prints JSON.

Known defects worked around: its date fields do not read /Date(...)/, so the typed reads leave them out; its page
iterator asks with `$top` by default and then finds nothing in the bare list.
"""

import json
import sys
from urllib.parse import parse_qs, urlsplit

import httpx
from exact_online_sdk import ExactOnlineClient, Settings
from exact_online_sdk.api.endpoints import AccountsAPI, DivisionsAPI, MeAPI, ReceivablesAPI
from exact_online_sdk.auth import ExactOnlineAuth


def main(base, redirect_uri, folder):
    settings = Settings(
        client_id="sandbox-client",
        client_secret="sandbox-secret",
        redirect_uri=redirect_uri,
        base_url=base,
        auth_url=f"{base}/api/oauth2/auth",
        token_url=f"{base}/api/oauth2/token",
        division=123456,
    )
    auth = ExactOnlineAuth(settings)
    answer = httpx.get(auth.get_authorization_url("state"))
    auth.exchange_code_for_token(parse_qs(urlsplit(answer.headers["location"]).query)["code"][0])
    with ExactOnlineClient(settings, auth=auth) as client:
        (me,) = MeAPI(client).list(select=["CurrentDivision"], raw=True)
        accounts = AccountsAPI(client).list(filters={"Name": "Bakkerij Jansen"}, select=["ID", "Code", "Name"])
        pages = list(client.iter_pages("cashflow/Receivables", params={"$select": "InvoiceNumber,AmountDC"}))
        typed = ReceivablesAPI(client).list(select=["ID", "InvoiceNumber", "AmountDC", "Status"])
        (attachment,) = client.get("documents/DocumentAttachments", params={"$select": "ID,Url"})
        pdf = client._client.get(attachment["Url"], headers=client._request_headers()).content
        return {
            "current": me["CurrentDivision"],
            "divisions": {
                found.code: found.description for found in DivisionsAPI(client).list(select=["Code", "Description"])
            },
            "accounts": [found.name for found in accounts],
            "receivables": [[row["InvoiceNumber"], row["AmountDC"]] for page in pages for row in page],
            "pages": [len(page) for page in pages],
            "typed": len([row for row in typed if row.status == 20]),
            "pdf": pdf[:5].decode(),
        }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
