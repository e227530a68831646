"""Damaged data directories: status 2, one line that names the file and the place, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from replay_data_directory import (
    Command,
    Damage,
    add,
    check_refused,
    column,
    directory,
    gone,
    make,
    swap,
    swap_all,
    text,
    whole,
    without,
)

O, M, A, C = "opening.csv", "monthly.csv", "annual.csv", "counties.csv"  # noqa: E741
FIRST = "employee,A,2022,1,84000.00"
DAMAGED: list[tuple[str, Damage, str, str]] = [  # file, damage, place (end: the row added), words
    # the file as such
    (O, gone, "", "expected a file, found none"),
    (M, gone, "", "expected a file, found none"),
    (O, directory, "", "expected a readable file"),
    (M, directory, "", "expected a readable file"),
    (A, directory, "", "expected a readable file"),
    (C, directory, "", "expected a readable file"),
    (O, whole(""), "row 1", "expected a header row (fund, county, account, amount), found an empty file"),
    (M, whole(""), "row 1", "found an empty file"),
    (A, whole(""), "row 1", "found an empty file"),
    (C, whole(""), "row 1", "found an empty file"),
    (M, whole("\ufeff"), "row 1", "found an empty file"),
    (M, whole("\n  \n,,,,,\n"), "row 1", "found an empty file"),
    (
        M,
        whole("fund,county,year,month,contributions,claims\n"),
        "row 2",
        "expected monthly figures, found none",
    ),
    (O, whole("fund,county,account,amount\n"), "fund employee, county A, account county_balance", "no row"),
    (M, whole(b"\x89PNG\r\n\x1a\n\x00\x00"), "row 1", "expected UTF-8 text, found the byte 0x89"),
    (M, whole("fund,county".encode("utf-16")), "row 1", "expected UTF-8 text, found the byte 0xff"),
    (M, whole("fund,county\0,year\n"), "row 1", "zero byte"),
    (C, whole("county,city_level\n椒江区,1\n".encode("gbk")), "row 2", "expected UTF-8 text"),
    (O, add('employee,"A,county_balance,1'), "row end", "expected CSV text"),
    (O, add('employee,"A"B,county_balance,1'), "row end", "expected CSV text"),
    (O, add("employee," + "x" * 200_000 + ",county_balance,1"), "row end", "expected CSV text"),
    # columns
    (O, column("amount", None), "row 1, column amount", "expected a column amount, found none"),
    (M, column("month", None), "row 1, column month", "expected a column month, found none"),
    (A, column("recoveries", None), "row 1, column recoveries", "found none"),
    (C, column("city_level", None), "row 1, column city_level", "found none"),
    (M, column("claims", "claim"), "row 1, column claim", "found 'claim'"),
    (M, column("claims", "Claims"), "row 1, column Claims", "found 'Claims'"),
    (M, column("claims", "支出"), "row 1, column 支出", "expected the columns fund, county, year"),
    (M, column("claims", ""), "row 1, column (no name)", "expected the columns"),
    (M, column("claims", "contributions"), "row 1, column contributions", "expected each column once"),
    (O, swap_all("\n", ",1\n"), "row 1, column 1", "expected the columns"),
    (O, swap_all(",", ";"), "row 1, column fund;county;account;amount", "expected the columns"),
    (M, swap(FIRST, "employee,A,2022,1,1,96"), "row 2", "expected 6 cells, found 7"),
    (M, swap(FIRST, "employee,A,2022,96"), "row 2", "expected 6 cells, found 5"),
    (M, add("employee,A"), "row end", "expected 6 cells, found 2"),
    # names
    (
        O,
        add("maternity,A,county_balance,1"),
        "row end, column fund",
        "(employee, resident), found 'maternity'",
    ),
    (M, add("maternity,A,2022,1,1,1"), "row end, column fund", "found 'maternity'"),
    (M, swap_all("employee", "Employee"), "row 2, column fund", "found 'Employee'"),
    (M, add(",A,2022,1,1,1"), "row end, column fund", "found ''"),
    (A, add("maternity,A,2022,1,,,,,"), "row end, column fund", "found 'maternity'"),
    (O, add("employee,Z,county_balance,1"), "row end, column county", "a county of monthly.csv, found 'Z'"),
    (A, add("employee,Z,2022,1,,,,,"), "row end, column county", "a county of monthly.csv, found 'Z'"),
    (C, add("Z,1"), "row 3, column county", "a county of monthly.csv, found 'Z'"),
    (C, add("*,1"), "row 3, column county", "found '*'"),
    (O, add("employee,,opening_deficit,1"), "row end, column county", "found an empty cell"),
    (M, add("employee,,2022,1,1,1"), "row end, column county", "found an empty cell"),
    (M, add("employee,*,2022,1,1,1"), "row end, column county", "found *"),
    (O, add("employee,A,current,1"), "row end, column account", "expected an account (county_balance,"),
    (O, add("employee,A,unsettled,1"), "row end, column account", "found 'unsettled'"),
    (O, add("employee,*,unfunded,1"), "row end, column account", "found 'unfunded'"),
    (O, add("employee,A,,1"), "row end, column account", "found ''"),
    (O, add("employee,A,pool,1"), "row end, column county", "expected * for the city's pool, found 'A'"),
    (O, add("employee,M,risk_fund,0"), "row end, column county", "expected * for the city's risk_fund"),
    (O, add("employee,*,county_balance,1"), "row end, column county", "a county for county_balance, found *"),
    (O, add("employee,*,base_claims,1"), "row end, column county", "a county for base_claims, found *"),
    (C, add("A,2"), "row end, column city_level", "found '2'"),
    (C, add("A,"), "row 3, column city_level", "found ''"),
    (C, add("A,true"), "row 3, column city_level", "found 'true'"),
    # months and years
    *(
        (M, swap(",2022,1,", f",2022,{month},"), "row 2, column month", f"from 1 to 12, found '{month}'")
        for month in ("0", "13", "-1", "1.0", "1.5", "", "Jan", "１", "1e0", "99999999999999999999")
    ),
    *(
        (M, swap(",2022,1,", f",{year},1,"), "row 2, column year", f"from 1900 to 2200, found '{year}'")
        for year in ("2022.5", "2022.0", "1899", "2201", "22", "", "２０２２", "二〇二二", "-2022", "2e3")
    ),
    (M, without("employee,B,2022,7,"), "fund employee, county B, year 2022, month 7", "found none"),
    (M, without("resident,M,2023,12,"), "fund resident, county M, year 2023, month 12", "found none"),
    (M, without("resident,B"), "fund resident, county B, year 2022, month 1", "found none"),
    (M, swap_all(",2023,", ",2024,"), "fund employee, county A, year 2023, month 1", "found none"),
    (M, add("employee,A,2150,1,1,1"), "fund employee, county A, year 2024, month 1", "found none"),
    (M, add("employee,A,2024,1,1,1"), "fund employee, county B, year 2024, month 1", "found none"),
    (
        M,
        whole(f"fund,county,year,month,contributions,claims\n{FIRST},1\nemployee,A,2100,1,1,1"),
        "year 2023",
        "gap",
    ),
    (M, add(f"{FIRST},1"), "row end, column month", "found it twice"),
    (M, add(" employee , A , 2022 , 01 , 1 , 1 "), "row end, column month", "found it twice"),
    (O, add("employee,A,county_balance,1"), "row end, column account", "found it twice"),
    (O, add("employee,*,pool,1"), "row end, column account", "found it twice"),
    (A, add("employee,A,2022,1,,,,,"), "row end, column year", "found it twice"),
    (A, add("employee,A,2024,1,,,,,"), "row end, column year", "from 2022 to 2023, found '2024'"),
    (A, add("employee,A,2021,1,,,,,"), "row end, column year", "from 2022 to 2023, found '2021'"),
    (A, add("employee,A,2022.5,1,,,,,"), "row end, column year", "found '2022.5'"),
    (C, add("M,1"), "row 3, column county", "found it twice"),
    (C, add(" M ,0"), "row 3, column county", "found it twice"),
    # what the rules need
    (
        O,
        without("employee,B,county_balance"),
        "fund employee, county B, account county_balance",
        "found no row",
    ),
    (O, without("resident,B,opening_deficit"), "fund resident, county B, account county_balance", "no row"),
    (O, without("employee,B,base_claims"), "fund employee, county B, account base_claims", "found no row"),
    (O, without("base_claims"), "fund employee, county A, account base_claims", "found no row"),
    (
        O,
        without("employee,M,base_contributions"),
        "fund employee, county M, account base_contributions",
        "no row",
    ),
    (O, without("resident"), "fund resident, county A, account county_balance", "found no row"),
    (O, add("employee,*,risk_fund,0.01"), "row end, column amount", "this city's rules have no risk fund"),
    (O, add("resident,*,risk_fund,1e6"), "row end, column amount", "this city's rules have no risk fund"),
    (A, gone, "fund resident, county A, year 2022, column enrolment", "found no file"),
    (A, without("resident,B,2022"), "fund resident, county B, year 2022, column enrolment", "found none"),
    (
        A,
        swap("resident,M,2022,360", "resident,M,2022,"),
        "fund resident, county M, year 2022, column enrolment",
        "",
    ),
    (
        A,
        lambda path: path.write_text(
            text(path).splitlines()[0] + "".join(f"\nresident,{county},2022,0,,,,," for county in "ABM")
        ),
        "fund resident, year 2022, column enrolment",
        "at least one insured person",
    ),
    # figures of annual.csv
    *(
        (A, swap(",1200,", f",{bad},"), "row 2, column enrolment", f"found '{bad}'")
        for bad in ("-1", "abc", "nan", "1_200", "1 200")
    ),
    *(
        (A, swap(",1,,1000.5", f",{bad},,1000.5"), "row 2, column excellent", f"from 0 to 1, found '{bad}'")
        for bad in ("2", "-1", "0.5", "1.0", "yes", "优秀", "nan")
    ),
    (A, swap(",1,,1000.5", ",1,-5,1000.5"), "row 2, column attributable_deficit", "not negative, found '-5'"),
    (A, swap(",1,,1000.5", ",1,,-5"), "row 2, column recoveries", "not negative, found '-5'"),
    (A, swap(",1,,1000.5", ",1,,inf"), "row 2, column recoveries", "found 'inf'"),
]


@pytest.mark.parametrize(
    ("file", "damage", "place", "words"),
    [pytest.param(*case, id=f"{case[0]}-{case[2] or 'file'}-{n}") for n, case in enumerate(DAMAGED)],
)
def test_a_damaged_file_is_refused(
    file: str, damage: Damage, place: str, words: str, tmp_path: Path, fundsim: Command
) -> None:
    data, out = make(tmp_path / "data"), tmp_path / "out"
    damage(data / file)
    if "row end" in place:
        place = place.replace("end", str(len(text(data / file).splitlines())))
    check_refused(fundsim.replay("taizhou", data, out), out, data / file, place, words)
