"""Look-ups from a file: all of it is recorded, or each mistake is named and nothing is."""

from datetime import date
from pathlib import Path

import pytest
from desk import Desk, invoice

from connector.config import Ledger
from connector.errors import ConfigError
from connector.flow.pull import pull
from connector.flow.register_file import read_lookups
from connector.model import RegisterFact
from connector.testing import make_debtor

HEAD = "debtor,register,looked_up,found\n"


@pytest.fixture
def acme(desk: Desk, ledger: Ledger) -> Ledger:
    """Debtors d1 with code 1001, and d2 and d3, who share one."""
    coded = tuple(make_debtor(id=key, code=code) for key, code in (("d1", "1001"), ("d2", "7"), ("d3", "7")))
    desk.books.holds(invoice("1"), debtors=coded)
    pull(desk, ledger)
    return ledger


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "looked.csv"


def read(desk: Desk, ledger: Ledger, file: Path, text: str) -> dict[str, list[RegisterFact]]:
    file.write_text(text, encoding="utf-8")
    return read_lookups(desk, ledger, file, origin="anna")


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "1001,cir,2026-03-01,no\nd2,all,2026-02-01,yes\n",
        "\ufeffFound;Debtor ;register;looked_up\r\nno;1001;cir;2026-03-01\r\n\r\n yes ; d2;all;2026-02-01\r\n",
    ],
)
def test_each_line_is_a_look_up_by_the_debtors_key(desk: Desk, acme: Ledger, file: Path, text: str) -> None:
    first = RegisterFact(register_name="cir", looked_up=date(2026, 3, 1), found=False, origin="anna")
    second = RegisterFact(register_name="all", looked_up=date(2026, 2, 1), found=True, origin="anna")
    assert read(desk, acme, file, text) == {"d1": [first], "d2": [second]}


@pytest.mark.parametrize(
    ("line", "key", "said"),
    [
        ("9,cir,2026-03-01,no", "line 3, debtor", "no such debtor"),
        (",cir,2026-03-01,no", "line 3, debtor", "no such debtor"),
        ("7,cir,2026-03-01,no", "line 3, debtor", "2 debtors have this code"),
        ("1001,kbo,2026-03-01,no", "line 3, register", "cir, wsnp"),
        ("1001,cir,1-3-2026,no", "line 3, looked_up", "2026-01-31"),
        ("1001,cir,2026-03-03,no", "line 3, looked_up", "after today"),
        ("1001,cir,2026-03-01,maybe", "line 3, found", "yes or no"),
        ("1001,cir,2026-03-01", "line 3, found", "yes or no"),
    ],
)
def test_a_mistake_is_named_by_line_and_column(
    desk: Desk, acme: Ledger, file: Path, line: str, key: str, said: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        read(desk, acme, file, f"{HEAD}1001,cir,2026-03-01,no\n{line}\n")
    assert (raised.value.file, raised.value.key) == (str(file), key)
    assert said in str(raised.value)
    assert raised.value.mend


def test_all_mistakes_are_named_at_once(desk: Desk, acme: Ledger, file: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        read(desk, acme, file, f"{HEAD}9,kbo,2026-03-01,no\n" + "8,cir,x,no\n" * 15)
    told = str(raised.value).splitlines()
    assert told[0] == "32 mistakes, nothing was recorded:"
    assert (
        told[2]
        == f"  {file}: line 2, register: there is no such register. Give one of: cir, wsnp, ccbr, regsol, cbb, all."
    )
    assert told[-1] == "  and 12 more"


@pytest.mark.parametrize("text", ["", "debtor,register\n", "a;b;c;d\n1;2;3;4\n", "1001,cir,2026-03-01,no\n"])
def test_a_file_without_its_head_is_refused(desk: Desk, acme: Ledger, file: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"line 1.*debtor,register,looked_up,found"):
        read(desk, acme, file, text)


def test_a_file_that_cannot_be_read_is_refused(desk: Desk, acme: Ledger, file: Path) -> None:
    with pytest.raises(ConfigError, match="CSV file in UTF-8"):
        read_lookups(desk, acme, file, origin="anna")
    file.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConfigError, match="CSV file in UTF-8"):
        read_lookups(desk, acme, file, origin="anna")
