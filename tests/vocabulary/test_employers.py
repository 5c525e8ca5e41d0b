"""Names of employers: what folds together, what must not, and that the list keeps its own rules."""

import csv
import re
from collections import defaultdict
from datetime import date
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from salary_bands.reference import FOLDER
from salary_bands.vocabulary.employer_text import words_of
from salary_bands.vocabulary.employers import (
    Match,
    employer_facts,
    employer_key,
    facts_at,
    match_employer,
    owner_at,
    suggested_employer,
)
from tests.builders import ROOT

with (FOLDER / "employers.csv").open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file))
BY_EMPLOYER: dict[str, list[dict[str, str]]] = defaultdict(list)
for _row in ROWS:
    BY_EMPLOYER[_row["employer"]].append(_row)
NAMES = sorted({n for r in ROWS for n in [r["employer"], *r["aliases"].split(";")] if n})
listed_names = st.sampled_from(NAMES)
# Only letters whose upper and lower case are one to one: a capital I says nothing about a dotless i.
plain_text = st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüéñ0123456789 .,&'-()/", max_size=30)


def tier_on(name: str, day: str) -> str:
    employer = match_employer(name).employer
    facts = employer_facts()
    at = (facts.employer == employer) & (facts.valid_from <= day) & (facts.valid_to > day)
    (tier,) = facts.loc[at, "tier"]
    return str(tier)


def ownership_on(name: str, day: str) -> str:
    employer = match_employer(name).employer
    facts = employer_facts()
    at = (facts.employer == employer) & (facts.valid_from <= day) & (facts.valid_to > day)
    (ownership,) = facts.loc[at, "ownership"]
    return str(ownership)


@pytest.mark.parametrize(
    ("text", "employer"),
    [
        ("Google", "Google"),
        ("  GOOGLE\u00a0LLC ", "Google"),
        ("google™", "Google"),
        ("ＧＯＯＧＬＥ", "Google"),
        ("Alphabet Inc.", "Google"),
        ("Google (YouTube)", "Google"),
        ("Apple Inc. (Siri team)", "Apple"),
        ("facebook", "Meta"),
        ("Meta Platforms, Inc.", "Meta"),
        ("Meta (formerly Facebook)", "Meta"),
        ("AWS", "Amazon"),
        ("amazon.com", "Amazon"),
        ("Amazon India Pvt. Ltd.", "Amazon"),
        ("Amazon Development Center Private Limited", "Amazon"),
        ("MSFT", "Microsoft"),
        ("J.P. Morgan Chase & Co.", "JPMorgan Chase"),
        ("JP Morgan", "JPMorgan Chase"),
        ("AT and T", "AT&T"),
        ("the new york times company", "New York Times"),
        ("L’Oréal S.A.", "L'Oréal"),
        ("Societe Generale", "Société Générale"),
        ("Booking.com B.V.", "Booking.com"),
        ("Zalando SE", "Zalando"),
        ("Siemens Deutschland", "Siemens"),
        ("Square", "Block"),
        ("TransferWise", "Wise"),
        ("Bolt (EU)", "Bolt (EU)"),
        ("E.S.A.", "ESA"),
        ("X Corp.", "Twitter"),
        ("Amzon", "Amazon"),
    ],
)
def test_spellings_of_one_employer_are_one(text: str, employer: str) -> None:
    assert match_employer(text) == Match(employer, "listed")


@pytest.mark.parametrize(
    "text", ["DeepMind", "Google DeepMind", "google deepmind ltd", "Deep Mind", "DeepMind (Google)"]
)
def test_deepmind_is_not_google(text: str) -> None:
    assert match_employer(text).employer == "Google DeepMind"


@pytest.mark.parametrize(
    ("text", "employer"),
    [
        ("Mircosoft", "Microsoft"),
        ("Microsfot Corp", "Microsoft"),
        ("Microsft", "Microsoft"),
        ("Salesforec", "Salesforce"),
        ("Databrick", "Databricks"),
        ("Gooogle", "Google"),
        ("Goldmann Sachs", "Goldman Sachs"),
    ],
)
def test_slips_of_the_keyboard_are_fixed(text: str, employer: str) -> None:
    assert match_employer(text) == Match(employer, "fuzzy")


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("Ubter", "Uber"),
        ("Capitol One", "Capital One"),
        ("Stripee Payments", None),
        ("Inrika Inc", "Inria"),
        ("S R INTERNATIONAL, Inc.", "SRI International"),
        ("PAG CONSULTING, INC", "PA Consulting"),
    ],
)
def test_a_near_miss_is_a_suggestion_and_no_match(text: str, suggestion: str | None) -> None:
    assert match_employer(text) == Match(employer_key(text), "unlisted")
    assert suggested_employer(text) == suggestion


@pytest.mark.parametrize(
    "text",
    """Traceable Inc.;BlackLine;Axos Bank;Brain Corporation;Formlabs, Inc;SWA GROUP;Sanford;DPS GROUP, INC.;Midsys Inc
    SS Technologies Inc;Swift Technologies Inc.;CR Technologies, INC;Avan IT LLC;APT Holdings, LLC;MSIT Systems Inc
    Joyin Inc.;NextLabs, Inc.;SJA Group Inc.;Cloud EPA, LLC;Congensys Corp.;Worldpac, Inc.;Tekva LLC;Dynata, LLC
    Magic Labs, Inc.;BMC GROUP, INC.;AVI Technologies Inc;Repsly, Inc.;AS Trans Inc.;FGS Global (US) LLC;V Group Inc.
    AMMEX Corporation;Placid Inc.;BFW Group LLC""".replace("\n", ";").split(";"),
)
def test_companies_in_filings_that_were_taken_for_others_are_themselves(text: str) -> None:
    match = match_employer(text)
    before = {
        "Tractable", "Blacklane", "Axis Bank", "Bain", "Ford", "Shopee", "Stanford University", "DPD", "Finastra",
        "SS&C Technologies", "Shift", "CA Technologies", "Avant", "PharmEasy", "Juniper Networks", "Joyn", "Nest",
        "Cloudera", "ConsenSys", "FIS", "Teva", "Emirates", "Bumble", "BMW", "Ola", "Reply", "Astranis", "Volkswagen",
        "American Express", "Plaid",
    }  # fmt: skip
    assert match.employer not in before and match.basis in ("listed", "unlisted")


def test_names_that_are_not_in_the_list_are_matched_to_another_company_at_most_twice_in_a_hundred() -> None:
    path = ROOT / "tests" / "golden" / "employers_not_listed.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    fuzzy = [row for row in rows if match_employer(row["employer"]).basis == "fuzzy"]
    wrong = [row for row in fuzzy if match_employer(row["employer"]).employer != (row["means"] or None)]
    assert len(rows) == 300 and wrong == []


@pytest.mark.parametrize(
    ("text", "employer"),
    [
        ("Amazon Development Center U.S., Inc.", "Amazon"),
        ("Amazon Data Services, Inc", "Amazon"),
        ("Citibank, N.A.", "Citi"),
        ("WELLS FARGO BANK, N.A.", "Wells Fargo"),
        ("Capital One Services, LLC", "Capital One"),
        ("Capital One, National Association", "Capital One"),
        ("Ernst & Young U.S. LLP", "EY"),
        ("PRICEWATERHOUSECOOPERS ADVISORY SERVICES LLC", "PwC"),
        ("GOLDMAN SACHS BANK USA", "Goldman Sachs"),
        ("Nokia of America Corporation", "Nokia"),
        ("NXP USA, Inc.", "NXP"),
        ("Samsung Austin Semiconductor, L.L.C.", "Samsung"),
        ("The Trustees of Princeton University", "Princeton University"),
        ("TRUSTEES OF THE UNIVERSITY OF PENNSYLVANIA", "University of Pennsylvania"),
        ("Beyond, Inc. f/k/a Overstock.com, Inc.", "Overstock"),
        ("ContextLogic Inc. dba Wish", "Wish"),
        ("腾讯科技（深圳）有限公司", "Tencent"),
        ("北京字节跳动科技有限公司", "ByteDance"),
        ("华为技术有限公司", "Huawei"),
        ("株式会社メルカリ", "Mercari"),
        ("ソニー株式会社", "Sony"),
        ("삼성전자 주식회사", "Samsung"),
        ("네이버", "Naver"),
        ("ООО «Яндекс»", "Yandex"),
        ("ПриватБанк", "PrivatBank"),
    ],
)
def test_legal_entities_and_other_scripts_are_of_their_employer(text: str, employer: str) -> None:
    assert match_employer(text) == Match(employer, "listed")


@pytest.mark.parametrize(
    "text",
    [
        "Apple Bank",
        "Delta Electronics",
        "Citi Development & Construction, Inc.",
        "Charter Global, Inc.",
        "Millennium Software Inc",
        "Unity Health Network",
        "Kraft Group LLC",
        "TFL INC DBA MEGA SAVER",
    ],
)
def test_another_company_that_begins_with_a_listed_name_stays_its_own(text: str) -> None:
    assert match_employer(text).basis == "unlisted"


def test_a_company_is_its_owners_from_the_day_it_was_bought() -> None:
    day = pd.to_datetime(pd.Series(["2023-06-11", "2023-06-12", "2023-06-12"]))
    employer = pd.Series(["Credit Suisse", "Credit Suisse", "Google"])
    assert owner_at(employer, day).to_list() == ["Credit Suisse", "UBS", "Google"]


@pytest.mark.parametrize(
    ("name", "day", "employer"),
    [
        ("Segment.io", "2019-07-01", "Segment"),
        ("Segment", "2020-11-02", "Twilio"),
        ("Mellanox Technologies", "2019-05-01", "Mellanox"),
        ("Mellanox", "2020-05-01", "NVIDIA"),
        ("Xilinx", "2022-02-13", "Xilinx"),
        ("HBO", "2019-01-01", "WarnerMedia"),
        ("HBO", "2023-01-01", "Warner Bros. Discovery"),
        ("Grofers", "2020-01-01", "Blinkit"),
        ("Vantiv", "2018-01-01", "Worldpay"),
        ("Worldpay", "2021-01-01", "FIS"),
        ("Worldpay", "2024-06-01", "Worldpay"),
        ("Tumblr", "2018-01-01", "Yahoo"),
        ("Mandiant", "2019-01-01", "FireEye"),
        ("Mandiant", "2022-01-01", "Mandiant"),
        ("Mandiant", "2023-01-01", "Google"),
        ("SunTrust", "2019-01-01", "SunTrust"),
        ("BB&T", "2020-01-01", "Truist"),
        # a brand is its owner's, and not the other way; sisters are two
        ("QNX", "2020-01-01", "BlackBerry"),
        ("Elsevier", "2020-01-01", "Elsevier"),
        ("Priceline", "2020-01-01", "Priceline"),
        ("Tinder", "2020-01-01", "Match Group"),
        ("Refinitiv", "2022-01-01", "LSEG"),
        # another company altogether
        ("WorldQuant", "2020-01-01", "WorldQuant"),
        ("Vivint", "2020-01-01", "Vivint"),
        ("Securitas", "2020-01-01", "Securitas"),
    ],
)
def test_a_report_from_before_the_purchase_is_the_companys_own(name: str, day: str, employer: str) -> None:
    found = pd.Series([match_employer(name).employer])
    assert owner_at(found, pd.to_datetime(pd.Series([day]))).to_list() == [employer]


def test_owners_are_listed_and_own_a_company_one_after_the_other() -> None:
    with (FOLDER / "employer_owners.csv").open(encoding="utf-8", newline="") as stream:
        owned = list(csv.DictReader(stream))
    periods: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in owned:
        assert {row["employer"], row["owner"]} <= set(BY_EMPLOYER), row
        assert row["employer"] != row["owner"] and row["reason"]
        assert row["valid_from"] or row["valid_to"], row
        periods[row["employer"]].append((row["valid_from"], row["valid_to"] or "9999"))
    for name, spans in periods.items():
        spans.sort()
        assert all(end <= start for (_, end), (start, _) in pairwise(spans)), name


@pytest.mark.parametrize(
    ("text", "tier", "industry"),
    [
        ("Prairie View A&M University", "T5", "education"),
        ("Dallas Independent School District", "T5", "education"),
        ("Greenwich Hospital", "T5", "healthcare"),
        ("County of Monterey", "T5", "government"),
        ("Lares IT Solutions Inc", "T4", "IT services"),
        ("Dreambig Semiconductor Inc", "T4", "semiconductors"),
    ],
)
def test_an_unlisted_employer_has_the_tier_of_the_kind_that_its_name_says(text: str, tier: str, industry: str) -> None:
    match = match_employer(text)
    assert match.basis == "unlisted"
    facts = facts_at(pd.Series([match.employer, "acmedynamics"]), pd.to_datetime(pd.Series(["2024-01-01"] * 2)))
    assert facts.loc[0, ["tier", "industry"]].to_list() == [tier, industry]
    assert facts.loc[1].isna().all() and pd.isna(facts.loc[0, "ownership"])


@pytest.mark.parametrize(
    "text",
    [
        "Metal",
        "Metas",
        "Googol",
        "Apple Bank",
        "Amazon Rainforest Trust",
        "Oracle Cards",
        "Ample",
        "Strip",
        "Lift",
        "Unify",
        "Grail Insights",
        "Johnson",
        "Team 360T7",
        "Cohero",
    ],
)
def test_other_names_near_a_listed_one_stay_unlisted(text: str) -> None:
    assert match_employer(text) == Match(employer_key(text), "unlisted")


def test_a_slip_between_two_employers_is_nobodys() -> None:
    # one letter from both Discover (a bank) and Discovery (media)
    assert {match_employer("Discover").employer, match_employer("Discovery").employer} == {
        "Discover",
        "Discovery",
    }
    assert match_employer("Discoverr").basis == "unlisted"
    # between tiers: Marvell makes chips (T4), Marvel films (T5)
    assert match_employer("Marvels").basis == "unlisted"


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " \t\u00a0",
        "-",
        "N/A",
        "n.a.",
        "None",
        "Confidential",
        "Anonymous",
        "Startup",
        "a start-up",
        "Startup Inc.",
        "stealth mode startup",
        "Series B fintech",
        "self-employed",
        "Freelancer",
        "my company",
        "The Company",
        "private company",
        "Private Limited",
        "Large bank",
        "small product company",
        "Service based MNC",
        "Product based",
        "Big 4",
        "prefer not to say",
        "Other",
        "x",
    ],
)
def test_nobody_is_named(text: str | None) -> None:
    assert match_employer(text) == Match(None, "blank")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Acme Robotics", "ACME-Robotics, Inc."),
        ("Acme Robotics", "The Acme  Robotics Company"),
        ("Acme Robotics", "Acme Robotics S. p. A."),
        ("Acme Robotics", "Acme Robotics (perception team)"),
        ("Müller & Sohn GmbH & Co. KG", "Muller and Sohn"),
    ],
)
def test_unlisted_spellings_fold_together(one: str, other: str) -> None:
    assert match_employer(one) == match_employer(other)
    assert match_employer(one).basis == "unlisted"


def test_different_unlisted_employers_stay_apart() -> None:
    assert match_employer("Acme Robotics") != match_employer("Acme Dynamics")


@given(st.one_of(listed_names, plain_text, st.text(max_size=30)))
@example("İ™ß")
def test_normalising_twice_is_once(text: str) -> None:
    key = employer_key(text)
    assert employer_key(key) == key
    employer = match_employer(text).employer
    assert match_employer(employer).employer == employer


@given(st.one_of(listed_names, plain_text))
def test_case_and_blanks_never_change_the_match(text: str) -> None:
    match = match_employer(text)
    assert match_employer(text.upper()) == match
    assert match_employer(text.lower()) == match
    assert match_employer("\u00a0 " + text.replace(" ", " \u00a0 ") + "\t") == match


@given(
    st.one_of(listed_names, st.from_regex(r"[A-Z][a-z]{2,8} [A-Z][a-z]{2,8}", fullmatch=True)),
    st.sampled_from(
        [
            "Inc",
            ", Inc.",
            "LLC",
            "GmbH",
            "AG",
            "S.A.",
            "Ltd.",
            "Pvt. Ltd.",
            "Private Limited",
            "Corp.",
            "plc",
            "B.V.",
        ]
    ),
)
def test_a_legal_form_never_changes_the_match(name: str, form: str) -> None:
    assume(not re.search(r"\b[^\W\d]\W*$", name))  # a single letter before S.A. makes an acronym
    assert match_employer(f"{name} {form}") == match_employer(name)


def test_every_listed_name_finds_its_employer() -> None:
    for row in ROWS:
        for name in [row["employer"], *row["aliases"].split(";")]:
            if name:
                assert match_employer(name) == Match(row["employer"], "listed"), name


@pytest.mark.parametrize(
    ("tier", "names"),
    [
        ("T1", ["OpenAI", "Anthropic", "DeepMind", "xAI"]),
        ("T2", ["Google", "Microsoft", "AWS", "Facebook", "Instagram", "Apple", "NVIDIA"]),
        ("T3", ["Mistral", "Cohere", "Hugging Face", "Databricks", "Scale AI"]),
        (
            "T4",
            ["Stripe", "Uber", "Airbnb", "Spotify", "Pinterest", "Dropbox", "LinkedIn", "Waymo", "Netflix"],
        ),
        ("T5", ["JPMorgan", "Walmart Labs", "Pfizer", "General Motors", "Deloitte", "Capital One", "Toyota"]),
    ],
)
def test_tiers_are_the_designs(tier: str, names: list[str]) -> None:
    assert {name: tier_on(name, "2026-06-01") for name in names} == dict.fromkeys(names, tier)


@pytest.mark.parametrize(
    ("name", "day", "ownership"),
    [
        ("Uber", "2019-05-09", "private"),
        ("Uber", "2019-05-10", "listed"),
        ("Airbnb", "2020-12-09", "private"),
        ("Airbnb", "2020-12-10", "listed"),
        ("Twitter", "2013-11-06", "private"),
        ("Twitter", "2022-10-26", "listed"),
        ("X Corp", "2022-10-27", "private"),
        ("Coinbase", "2021-04-14", "listed"),
        ("Palantir", "2020-09-29", "private"),
        ("Stripe", "2026-01-01", "private"),
        ("GitHub", "2018-10-25", "private"),
        ("GitHub", "2018-10-26", "listed"),
        ("SailPoint", "2023-01-01", "private"),
        ("SailPoint", "2025-03-01", "listed"),
    ],
)
def test_ownership_is_the_days(name: str, day: str, ownership: str) -> None:
    assert ownership_on(name, day) == ownership


def test_the_list_is_long_and_well_formed() -> None:
    assert len(BY_EMPLOYER) >= 600
    for row in ROWS:
        assert row["tier"] in {"T1", "T2", "T3", "T4", "T5"}, row
        assert row["ownership"] in {"listed", "private"}, row
        assert row["industry"] and row["reason"], row
        for field in row.values():
            assert field == field.strip(), row
        for column in ("valid_from", "valid_to"):
            assert not row[column] or date.fromisoformat(row[column]), row
    keys = [(employer_key(r["employer"]), r["valid_from"]) for r in ROWS]
    assert keys == sorted(keys)


def test_rows_of_an_employer_are_adjacent_in_time() -> None:
    for employer, rows in BY_EMPLOYER.items():
        assert rows[-1]["valid_to"] == "", employer
        for earlier, later in pairwise(rows):
            assert earlier["valid_to"] == later["valid_from"] != "", employer
            assert (earlier["tier"], earlier["ownership"]) != (later["tier"], later["ownership"]), employer
            assert earlier["aliases"] == later["aliases"], employer
        for row in rows:
            assert not row["valid_from"] or not row["valid_to"] or row["valid_from"] < row["valid_to"], employer


def test_an_industry_is_of_one_tier_below_the_labs() -> None:
    tiers: dict[str, set[str]] = defaultdict(set)
    for row in ROWS:
        if row["tier"] in {"T4", "T5"}:
            tiers[row["industry"]].add(row["tier"])
    assert {industry: t for industry, t in tiers.items() if len(t) > 1} == {}


def test_facts_are_the_callers_own() -> None:
    facts = employer_facts()
    assert list(facts.columns) == ["employer", "tier", "industry", "ownership", "valid_from", "valid_to"]
    assert (facts.valid_from < facts.valid_to).all()
    facts["tier"] = "changed"
    assert "changed" not in set(employer_facts().tier)


@pytest.mark.parametrize("read", [False, None, 100])
def test_a_word_that_yaml_reads_as_something_else_is_refused(read: object) -> None:
    with pytest.raises(ValueError, match="put quotes"):
        words_of(["a", read])
