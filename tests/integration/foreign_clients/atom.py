"""Reads an Atom feed of the stand-in with `feedparser`, a reader of feeds that knows nothing of OData. Prints JSON."""

import json
import sys
from urllib.request import Request, urlopen

import feedparser


def main(base, token):
    url, titles, entries, faults = f"{base}/api/v1/123456/read/financial/ReceivablesList", set(), [], []
    while url:
        request = Request(url, headers={"Authorization": f"Bearer {token}", "Accept": "application/atom+xml"})
        with urlopen(request) as answer:
            feed = feedparser.parse(answer.read(), response_headers={"content-type": answer.headers["content-type"]})
        faults += [str(feed.bozo_exception)] if feed.bozo else []
        titles.add(feed.feed.title)
        entries += [entry.id for entry in feed.entries]
        url = next((link.href for link in feed.feed.get("links", []) if link.rel == "next"), None)
    return {"titles": sorted(titles), "entries": entries, "faults": faults, "version": feed.version}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
