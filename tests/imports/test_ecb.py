"""The ECB's files as it publishes them: XML and CSV, daily and history, plain and zipped."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cli.imports.ecb import PublishedDay, read_days
from cli.reading import BadOption

DAILY_XML = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" \
xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>European Central Bank</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
\t\t<Cube time='2026-11-20'>
\t\t\t<Cube currency='USD' rate='1.0832'/>
\t\t\t<Cube currency='JPY' rate='162.50'/>
\t\t\t<Cube currency='GBP' rate='0.83410'/>
\t\t</Cube>
\t</Cube>
</gesmes:Envelope>
"""
HISTORY_XML = DAILY_XML.replace(
    "\t</Cube>\n</gesmes",
    "\t\t<Cube time='1999-01-04'>\n\t\t\t<Cube currency='CYP' rate='0.58231'/>\n"
    "\t\t</Cube>\n\t</Cube>\n</gesmes",
)
DAILY_CSV = "Date, USD, JPY, GBP, \n20 November 2026, 1.0832, 162.50, 0.83410, \n"
HISTORY_CSV = (
    "Date,USD,JPY,GBP,CYP,\n2026-11-20,1.0832,162.50,0.83410,N/A,\n"
    "1999-01-04,N/A,N/A,N/A,0.58231,\n"
)

NOVEMBER_20 = PublishedDay("2026-11-20", {"USD": "1.0832", "JPY": "162.50", "GBP": "0.83410"})
FIRST_OF_ALL = PublishedDay("1999-01-04", {"CYP": "0.58231"})


@pytest.mark.parametrize(
    ("name", "content", "days"),
    [
        ("eurofxref-daily.xml", DAILY_XML, [NOVEMBER_20]),
        ("eurofxref-hist.xml", HISTORY_XML, [NOVEMBER_20, FIRST_OF_ALL]),
        ("eurofxref.csv", DAILY_CSV, [NOVEMBER_20]),
        ("eurofxref-hist.csv", HISTORY_CSV, [NOVEMBER_20, FIRST_OF_ALL]),
    ],
)
def test_files_as_published(
    tmp_path: Path, name: str, content: str, days: list[PublishedDay]
) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert list(read_days(path)) == days


@pytest.mark.parametrize(
    ("name", "inner", "content"),
    [
        ("eurofxref.zip", "eurofxref.csv", DAILY_CSV),
        ("eurofxref-hist.zip", "eurofxref-hist.csv", HISTORY_CSV),
    ],
)
def test_zipped(tmp_path: Path, name: str, inner: str, content: str) -> None:
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(inner, content)
    assert next(iter(read_days(path))) == NOVEMBER_20


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Cube xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref" time="2026-11-20">&b;</Cube>
"""
THEFT = """<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY passwords SYSTEM "file:///etc/passwd">]><x>&passwords;</x>
"""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("bomb.xml", BOMB, "bomb.xml"),
        ("theft.xml", THEFT, "theft.xml"),
        ("cut.xml", DAILY_XML[:-30], "expected the ECB's eurofxref XML"),
        ("other.xml", "<x/>", "no Cube with a time"),
        ("zero.xml", DAILY_XML.replace("1.0832", "0"), "time='2026-11-20'.*USD '0'"),
        ("twice.xml", DAILY_XML.replace("'JPY'", "'USD'"), "USD '162.50'.*it is '1.0832' too"),
        ("twice.csv", DAILY_CSV.replace("JPY", "USD"), "line 2: USD '162.50': expected .* once"),
        ("odd.csv", DAILY_CSV.replace("1.0832", "1,0832 "), "line 2: 5 columns, the heading has 4"),
        ("heads.csv", "Day,USD\n2026-11-20,1\n", "line 1: expected the heading Date"),
        ("dates.csv", "Date,USD\n20.11.2026,1.08\n", "line 2: date '20.11.2026'"),
        ("none.csv", "Date,USD\n2026-11-20,N/A\n", "line 2: no rates"),
        ("rates.txt", "", "expected a file that ends in .xml, .csv or .zip"),
        ("rates.zip", "no zip", "download it again"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, content: str, said: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(BadOption, match=said):
        list(read_days(path))
