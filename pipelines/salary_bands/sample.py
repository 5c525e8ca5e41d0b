"""Generate the bundled synthetic sample in three formats. The seed is fixed, so the files are the same everywhere."""

import csv
import gzip
import io
import math
import random
from datetime import date, timedelta
from pathlib import Path

AS_OF = "2026-06-30"
SYNTHETIC = "Synthetic data: nobody earns these figures."  # shown with all figures made from the sample
_SEED = 20260630
_EMPLOYERS = {
    "T1": ["OpenAI", "Anthropic", "Google DeepMind", "xAI"],
    "T2": ["Google", "Microsoft", "Amazon", "Meta", "Apple", "NVIDIA"],
    "T3": ["Mistral AI", "Cohere", "Hugging Face", "Databricks", "Scale AI"],
    "T4": [
        "Stripe",
        "Uber",
        "Airbnb",
        "Spotify",
        "Pinterest",
        "Dropbox",
        "Acme Robotics",
        "Northwind Search",
    ],
    "T5": ["JPMorgan Chase", "Walmart", "Pfizer", "BMW"],
}
_TIER_SHARES = {"T1": 0.12, "T2": 0.28, "T3": 0.14, "T4": 0.32, "T5": 0.14}
_TIER_PAY = {"T1": 0.42, "T2": 0.20, "T3": 0.18, "T4": 0.0, "T5": -0.12}
_EQUITY_SHARE = {"T1": 0.95, "T2": 0.65, "T3": 0.70, "T4": 0.40, "T5": 0.08}
_LEVEL_PAY = {"L3": -0.38, "L4": -0.18, "L5": 0.0, "L6": 0.20, "L7": 0.38}
_LEVEL_SHARES = {"L3": 0.15, "L4": 0.28, "L5": 0.33, "L6": 0.17, "L7": 0.07}
_PLACES = {
    "San Francisco, CA": (0.06, "USD"),
    "Seattle, WA": (0.03, "USD"),
    "New York, NY": (0.03, "USD"),
    "Austin, TX": (-0.08, "USD"),
    "Remote, US": (-0.06, "USD"),
    "London, United Kingdom": (-0.30, "GBP"),
    "Paris, France": (-0.45, "EUR"),
    "Berlin, Germany": (-0.42, "EUR"),
}
_PLACE_SHARES = [0.30, 0.14, 0.16, 0.07, 0.12, 0.10, 0.05, 0.06]
_PER_USD = {"USD": 1.0, "GBP": 0.75, "EUR": 0.87}
_TITLES = {
    "Pre-training Engineer": (0.30, 3),
    "Fine-tuning Engineer": (0.14, 2),
    "Post-training Engineer": (0.28, 3),
    "LLM Evaluation Engineer": (0.18, 2),
    "AI Safety Researcher": (0.18, 2),
    "LLM Inference Engineer": (0.20, 4),
    "RAG Engineer": (0.08, 5),
    "AI Agent Engineer": (0.12, 4),
    "LLM Engineer": (0.14, 5),
    "MLOps Engineer": (0.03, 7),
    "Multimodal Research Engineer": (0.15, 3),
    "Computer Vision Engineer": (0.02, 6),
    "Perception Engineer": (0.05, 3),
    "Recommender Systems Engineer": (0.06, 5),
    "NLP Engineer": (-0.03, 6),
    "Reinforcement Learning Engineer": (0.06, 2),
    "Machine Learning Researcher": (0.12, 6),
    "Machine Learning Engineer": (0.0, 18),
    "Data Scientist": (-0.10, 12),
    "Data Engineer": (-0.14, 6),
    "Data Analyst": (-0.45, 3),
    "Software Engineer": (-0.05, 8),
    "Engineering Manager": (0.20, 1),
    "Technical Recruiter": (-0.50, 1),
}


def write_sample(folder: Path) -> list[Path]:
    """Write the three exports into the folder and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in sample_texts().items():
        path = folder / name
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(text.encode(), mtime=0))
        else:
            path.write_bytes(text.encode())
        paths.append(path)
    return paths


def sample_texts() -> dict[str, str]:
    """Return the text of each export by file name."""
    return {
        "native_2026-06-30.csv.gz": _native(random.Random(_SEED), 6_000),
        "salaries_2026-06-28.csv": _adverts(random.Random(_SEED + 1), 1_200),
        "levels_2026-06-29.csv.gz": _levels(random.Random(_SEED + 2), 1_500),
    }


def _choice(rng: random.Random, shares: dict[str, float]) -> str:
    return rng.choices(list(shares), list(shares.values()))[0]


def _person(rng: random.Random) -> dict[str, object]:
    """Make up a person with a consistent title, employer, level, place and pay."""
    title = rng.choices(list(_TITLES), [weight for _, weight in _TITLES.values()])[0]
    tier = _choice(rng, _TIER_SHARES)
    employer = rng.choice(_EMPLOYERS[tier])
    level = _choice(rng, _LEVEL_SHARES)
    place = rng.choices(list(_PLACES), _PLACE_SHARES)[0]
    place_pay, currency = _PLACES[place]
    employer_pay = random.Random(employer).gauss(0, 0.05)  # the same for all people of one employer
    log_base = 12.05 + _TIER_PAY[tier] * 0.5 + _LEVEL_PAY[level] * 0.7 + place_pay + _TITLES[title][0] * 0.7
    log_base += employer_pay
    base = round(math.exp(log_base + rng.gauss(0, 0.10)) * _PER_USD[currency], -2)
    equity = round(base * _EQUITY_SHARE[tier] * math.exp(_LEVEL_PAY[level] * 2 + rng.gauss(0, 0.35)), -2)
    bonus = round(base * rng.choice([0, 0.05, 0.10, 0.15, 0.20]), -2)
    day = date.fromisoformat(AS_OF) - timedelta(days=int(rng.random() ** 1.3 * 420))
    years = {"L3": 1, "L4": 3, "L5": 7, "L6": 11, "L7": 15}[level] + rng.randint(0, 2)
    return {
        "title": title, "tier": tier, "employer": employer, "level": level, "place": place, "currency": currency,
        "base": int(base), "equity": int(equity), "bonus": int(bonus), "day": day, "years": years,
    }  # fmt: skip


def _native(rng: random.Random, count: int) -> str:
    header = (
        "submission_id,submitted_at,job_title,employer,level,years_experience,location,currency,pay_period,base,bonus,"
        "equity_annual,equity_type,sign_on,verified"
    ).split(",")
    words = {"L3": "Junior ", "L4": "", "L5": "Senior ", "L6": "Staff ", "L7": "Principal "}
    rows: list[list[object]] = []
    for number in range(count):
        p = _person(rng)
        employer = "" if rng.random() < 0.10 else p["employer"]
        title = f"{words[str(p['level'])]}{p['title']}"
        period, base = ("month", round(int(str(p["base"])) / 12)) if rng.random() < 0.05 else ("year", p["base"])
        equity = "" if rng.random() < 0.08 else p["equity"]
        kind = "options" if p["tier"] in ("T1", "T3") and rng.random() < 0.4 else "rsu"
        verified = rng.choices(["none", "email", "document"], [0.7, 0.2, 0.1])[0]
        identity = [f"s-{number:05d}", p["day"], title, employer, "", p["years"], p["place"], p["currency"]]
        sign_on = rng.choice(["", 0, 10_000, 25_000])
        rows.append([*identity, period, base, p["bonus"], equity, kind if equity else "", sign_on, verified])
    rows[7][9] = "a lot"  # every source has some invalid values
    rows[77][1] = "30/06/2026"
    return _csv(header, rows)


def _levels(rng: random.Random, count: int) -> str:
    header = (
        "timestamp,company,level,title,totalyearlycompensation,location,yearsofexperience,tag,basesalary,"
        "stockgrantvalue,bonus"
    ).split(",")
    rows: list[list[object]] = []
    while len(rows) < count:
        p = _person(rng)
        if p["employer"] != "Google" and rng.random() < 0.7:
            continue
        if p["currency"] != "USD":
            continue
        family, tag = (
            ("Data Scientist", "Data") if p["title"] == "Data Scientist" else ("Software Engineer", p["title"])
        )
        total = sum(int(str(p[k])) for k in ("base", "equity", "bonus"))
        day = p["day"]
        assert isinstance(day, date)
        when = f"{day.month}/{day.day}/{day.year} {rng.randint(0, 23)}:{rng.randint(0, 59):02d}:00"
        level = p["level"] if p["employer"] == "Google" else ""
        rows.append(
            [
                when,
                p["employer"],
                level,
                family,
                total,
                p["place"],
                p["years"],
                tag,
                p["base"],
                p["equity"],
                p["bonus"],
            ]
        )
    return _csv(header, rows)


def _adverts(rng: random.Random, count: int) -> str:
    header = (
        "work_year,experience_level,employment_type,job_title,salary,salary_currency,salary_in_usd,employee_residence,"
        "remote_ratio,company_location,company_size"
    ).split(",")
    rows: list[list[object]] = []
    for _ in range(count):
        p = _person(rng)
        code = {"L3": "EN", "L4": "MI"}.get(str(p["level"]), "SE")
        country, currency = {"GBP": ("GB", "GBP"), "EUR": ("DE", "EUR")}.get(str(p["currency"]), ("US", "USD"))
        middle = int(str(p["base"]))
        for end in (round(middle * 1.2, -2), round(middle * 0.8, -2)):
            rows.append([2026, code, "FT", p["title"], int(end), currency, "", country, 0, country, "M"])
    return _csv(header, rows)


def _csv(header: list[str], rows: list[list[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
