"""Atom, the default form of the imitated service when JSON is not asked for (reference 2.1)."""

import base64
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from connector_exact.sandbox.catalogue import EDM
from connector_exact.sandbox.clock import wall_time
from connector_exact.sandbox.render_json import Shape, key_text

_NAMESPACES = (
    'xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" '
    'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"'
)
_SCHEME = "http://schemas.microsoft.com/ado/2007/08/dataservices/scheme"
_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def feed_body(rows: Iterable[Any], shape: Shape, *, now: datetime, following: str | None, count: int | None) -> bytes:
    """A list as a feed; the next page is a link with rel=next."""
    parts = [_HEAD, f"<feed {_NAMESPACES}>", f"<title>{shape.endpoint.path.rsplit('/', 1)[1]}</title>"]
    parts.append(f"<id>{escape(shape.base)}</id><updated>{_stamp(now)}</updated>")
    if count is not None:
        parts.append(f"<m:count>{count}</m:count>")
    parts += [_entry(row, shape, now=now, root=False) for row in rows]
    if following:
        parts.append(f'<link rel="next" href={quoteattr(following)} />')
    parts.append("</feed>")
    return "".join(parts).encode()


def entry_body(row: Any, shape: Shape, *, now: datetime) -> bytes:
    """A single entity as an entry."""
    return (_HEAD + _entry(row, shape, now=now, root=True)).encode()


def atom_error(text: str) -> bytes:
    """The error form where JSON is not asked for."""
    space = "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
    return f'{_HEAD}<error xmlns="{space}"><code /><message xml:lang="">{_text(text)}</message></error>'.encode()


def _entry(row: Any, shape: Shape, *, now: datetime, root: bool) -> str:
    endpoint = shape.endpoint
    kind = endpoint.fields[endpoint.key].kind
    uri = f"{shape.base}({key_text(shape.view.getters[endpoint.key](row), kind)})"
    properties, links = [], []
    for name in shape.fields:
        field_kind = endpoint.fields[name].kind
        if field_kind == "c":
            links.append(_link(name, uri))
            continue
        getter = shape.view.getters.get(name)
        properties.append(_property(name, field_kind, getter(row) if getter else None))
    return (
        f"<entry{' ' + _NAMESPACES if root else ''}><id>{escape(uri)}</id>"
        f'<category term="{endpoint.type_name}" scheme="{_SCHEME}" />'
        f"{''.join(links)}<title /><updated>{_stamp(now)}</updated><author><name /></author>"
        f'<content type="application/xml"><m:properties>{"".join(properties)}</m:properties></content></entry>'
    )


def _link(name: str, uri: str) -> str:
    rel = f"http://schemas.microsoft.com/ado/2007/08/dataservices/related/{name}"
    return (
        f'<link rel="{rel}" type="application/atom+xml;type=feed" title="{name}" href={quoteattr(f"{uri}/{name}")} />'
    )


def _property(name: str, kind: str, value: Any) -> str:
    mark = "" if kind == "s" else f' m:type="{EDM[kind]}"'
    if value is None or kind == "x":
        return f'<d:{name}{mark} m:null="true" />'
    return f"<d:{name}{mark}>{_value(value)}</d:{name}>"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return wall_time(value).replace(microsecond=0).isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return _text(str(value))


def _text(value: str) -> str:
    # The service is known to let control characters through as references (gotcha 30).
    return _CONTROL.sub(lambda found: f"&#x{ord(found[0]):X};", escape(value))


def _stamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H:%M:%SZ")
