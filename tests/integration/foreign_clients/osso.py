"""Reads the stand-in with `exactonline` (OSSO): log-in, divisions, accounts, receivables, a PDF. Prints JSON."""

import json
import sys
from datetime import date
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

from exactonline import http
from exactonline.api import ExactApi
from exactonline.resource import GET
from exactonline.storage.ini import IniStorage

# The client speaks https only unless told otherwise.
http.opt_secure.protocols = ("http", "https")


class Stay(HTTPRedirectHandler):
    """Does not follow: the code stands in the redirect."""

    def redirect_request(self, *args):
        return None


def log_in(api):
    try:
        build_opener(Stay).open(api.create_auth_request_url())
    except HTTPError as redirect:
        api.request_token(parse_qs(urlsplit(redirect.headers["Location"]).query)["code"][0])


def main(base, redirect_uri, folder):
    storage = IniStorage(f"{folder}/osso.ini")
    for section, option, value in (
        ("server", "auth_url", f"{base}/api/oauth2/auth"),
        ("server", "rest_url", f"{base}/api"),
        ("server", "token_url", f"{base}/api/oauth2/token"),
        ("application", "base_url", redirect_uri),
        ("application", "client_id", "sandbox-client"),
        ("application", "client_secret", "sandbox-secret"),
    ):
        storage.set(section, option, value)
    api = ExactApi(storage=storage)
    log_in(api)
    divisions, current = api.get_divisions()
    api.set_division(current)
    account = api.relations.get(relation_code="25")
    receivables = api.receivables.all()
    overdue = api.receivables.filter(duedate__lt=date(2026, 1, 1), top=2)
    (attachment,) = api.restv1(GET("documents/DocumentAttachments?$select=ID,FileName,Url"))
    options = http.Options()
    options.headers = {"Authorization": f"Bearer {storage.get_access_token()}"}
    pdf = http.http_req("GET", attachment["Url"] + "&Download=1", opt=http.opt_secure | options)
    return {
        "divisions": {int(code): text for code, text in divisions.items()},
        "accounts": [account["Name"]],
        "receivables": [[row["InvoiceNumber"], row["Amount"]] for row in receivables],
        "overdue": len(overdue),
        "pdf": pdf[:5].decode(),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
