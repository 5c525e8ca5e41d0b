"""The rules that place titles: every example holds, every leaf is reachable, and a broken rule is caught."""

import copy
import csv
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salary_bands.reference import read_csv
from salary_bands.vocabulary import titles
from salary_bands.vocabulary.reader import Reader
from salary_bands.vocabulary.titles import NO_RULE, REASONS, UNCLASSIFIED, RuleBook, classify

REFERENCE = Path(titles.__file__).parents[1] / "reference"
LEAVES = {row["leaf"]: row for row in read_csv("leaves.csv")}

EXAMPLES = [(rule.id, rule.leaf, example, True) for rule in titles.rules() for example in rule.examples] + [
    (rule.id, rule.leaf, example, False) for rule in titles.rules() for example in rule.counter_examples
]


@pytest.mark.parametrize(("rule", "leaf", "example", "fires"), EXAMPLES)
def test_examples_fire_and_counter_examples_do_not(
    rule: str, leaf: str, example: tuple[str, str, str, str], fires: bool
) -> None:
    got = classify(*example)
    assert (got.rule == rule) is fires
    if fires:
        assert got.leaf == leaf
        assert got.evidence


def test_rules_have_no_problems() -> None:
    assert titles._book().problems() == []


def test_ids_are_unique_and_leaves_known() -> None:
    ids = Counter(rule.id for rule in titles.rules())
    assert max(ids.values()) == 1
    assert {rule.leaf for rule in titles.rules()} <= set(LEAVES)


def test_every_leaf_is_reached_by_an_example() -> None:
    reached = {classify(*example).leaf for rule in titles.rules() for example in rule.examples}
    assert reached == set(LEAVES)


def test_every_reason_is_used() -> None:
    assert {rule.reason for rule in titles.rules()} - {None} == set(REASONS)


def _document() -> dict:
    return copy.deepcopy(titles.rules_document())


def _named(document: dict, name: str) -> dict:
    return next(entry for entry in document["rules"] if entry["id"] == name)


def test_a_shadowed_rule_is_caught() -> None:
    document = _document()
    broad = {"id": "broad", "leaf": "software_engineering", "focus": ["engineer"], "examples": ["Engineer"]}
    document["rules"].insert(0, broad)
    found = RuleBook(document).problems()
    assert any(line.startswith("post_training: example") and line.endswith("broad") for line in found)


def test_a_repeated_id_is_caught() -> None:
    document = _document()
    document["rules"].append(copy.deepcopy(_named(document, "agentic")))
    assert "agentic: id is not unique" in RuleBook(document).problems()


def test_a_rule_that_never_fires_is_caught() -> None:
    document = _document()
    _named(document, "agentic")["focus"] = ["zzz zzz"]
    assert any(line.startswith("agentic: example") for line in RuleBook(document).problems())


def test_a_rule_that_fires_too_far_is_caught() -> None:
    document = _document()
    _named(document, "recommendation")["focus"].append("ads")
    assert any("counter-example" in line and "taken by this rule" in line for line in RuleBook(document).problems())


def test_a_missing_reason_or_example_is_caught() -> None:
    document = _document()
    del _named(document, "executive")["reason"]
    del _named(document, "agentic")["examples"]
    found = RuleBook(document).problems()
    assert "agentic: no example" in found
    assert any(line.startswith("executive: out_of_scope needs a reason") for line in found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"focsu": ["x"]}, "unknown keys"),
        ({"focus": ["<no_such_list>"]}, "no earlier list is named"),
        ({"focus": ["!"]}, "no words"),
    ],
)
def test_a_misspelt_rule_is_refused(change: dict, message: str) -> None:
    document = _document()
    _named(document, "agentic").update(change)
    with pytest.raises(ValueError, match=message):
        RuleBook(document)


def test_a_rule_without_conditions_is_refused() -> None:
    document = _document()
    document["rules"].append({"id": "all", "leaf": "unclassified"})
    with pytest.raises(ValueError, match="no condition"):
        RuleBook(document)


@pytest.mark.parametrize(
    "title",
    [
        "AML Analyst",
        "AML Engineer",
        "HTML Developer",
        "Email Developer",
        "Alignment Technician",
        "Fashion Model",
        "Real Estate Agent",
        "CV Writer",
        "Dental Billing Specialist, AI",
        "User Research Lead",
        "Court Interpreter",
        "Rebar Reinforcement Fitter",
        "Electrical Transformer Engineer",
        "Program Evaluation Officer",
        "Food Server",
    ],
)
def test_traps_are_not_machine_learning(title: str) -> None:
    assert LEAVES[classify(title).leaf]["kind"] != "core"


@pytest.mark.parametrize("focus", ["ML / AI", "LLM", "Computer Vision", "Inference"])
@pytest.mark.parametrize("title", ["Recruiter", "Product Manager", "Engineering Manager", "VP, AI", "Intern"])
def test_other_jobs_are_out_whatever_the_focus_and_skills(title: str, focus: str) -> None:
    assert classify(title, focus, "vLLM;PyTorch;RLHF").leaf == "out_of_scope"


def test_the_title_decides_the_role() -> None:
    assert classify("Software Engineer", "ML / AI").leaf == "ml_generalist"
    assert classify("Data Scientist", "ML / AI").leaf == "data_science"
    assert classify("Data Scientist", "", "PyTorch").leaf == "data_science"
    assert classify("Data Scientist", "NLP").leaf == "nlp_classical"
    assert classify("Software Engineer", "Knitting").leaf == "software_engineering"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("SeniorMachineLearningEngineer", "senior machine learning engineer"),
        ("seniormachinelearningengineer", "senior machine learning engineer"),
        ("Sr.\u00a0MLE (m/w/d)", "senior machine learning engineer"),
        ("KI-Ingenieur*in", "ai engineer"),
        ("Ingénieure apprentissage automatique H/F", "engineer machine learning"),
        ("Científica de Datos", "data scientist"),
        ("Ｍａｃｈｉｎｅ Ｌｅａｒｎｉｎｇ Enginer", "machine learning engineer"),
        ("", ""),
    ],
)
def test_a_text_becomes_plain_words(text: str, words: str) -> None:
    assert " ".join(Reader(titles.rules_document()).words(text)) == words


def test_words_of_their_own_are_not_taken_for_typos() -> None:
    words = ["earning", "leaning", "conference", "reception", "compute"]
    assert Reader(titles.rules_document()).words(" ".join(words)) == words


TEAMS = """Risk;Trust;Finance;Health;Policy;Product;Hardware;Security;Growth;Education;Legal;People;Operations;Strategy
    Marketing;Sales;Quality;Insurance;Logistics;Communications;Partnerships;Social Impact;Customer Insights;Real Estate
    Supply Chain;Government;Public Sector;Enterprise;Design;Content;Events;Recruiting;Compliance;Audit;Tax;Energy
    Sustainability;Travel;Payments;Retail;Media;Music;Video;Sports;Agriculture;Food;Automotive;Aviation;Construction
    Manufacturing;Consumer Devices;Life Sciences;Community;Support;Success;Benefits;Training Data;Localization;Library
    Procurement;Facilities;Workplace;Investor Relations;Data Acquisition"""


@pytest.mark.parametrize("team", [team.strip() for team in TEAMS.replace("\n", ";").split(";")])
def test_the_name_of_a_team_does_not_make_another_job(team: str) -> None:
    for title in ("Research Scientist", "ML Research Engineer", "Applied AI Engineer", "Software Engineer"):
        for text in (f"{title}, {team}", f"{title} - {team}", f"{title} ({team})"):
            assert classify(text).leaf != "out_of_scope", text
    assert LEAVES[classify(f"Research Scientist, {team}", employer="ai lab").leaf]["kind"] == "core"
    assert LEAVES[classify(f"Applied AI Engineer, {team}").leaf]["kind"] == "core"


@pytest.mark.parametrize(
    ("title", "employer", "leaf"),
    [
        ("Member of Technical Staff", "ai lab", "ml_generalist"),
        ("Member of Technical Staff", "ai company", "ml_generalist"),
        ("Member of Technical Staff", "software", "software_engineering"),
        ("Member of Technical Staff", "", "unclassified"),
        ("Research Scientist", "ai lab", "ml_research"),
        ("Research Scientist", "semiconductors", "unclassified"),
        ("Research Scientist", "pharma", "out_of_scope"),
        ("Research Engineer", "ai company", "ml_research"),
        ("Research Engineer", "", "unclassified"),
        ("Software Engineer, Machine Learning", "ai lab", "ml_generalist"),
        ("Software Engineer, Growth", "ai lab", "software_engineering"),
        ("Forward Deployed Engineer, Healthcare", "ai lab", "genai_application"),
        ("Forward Deployed Engineer, Healthcare", "", "software_engineering"),
        ("Vice President, Software Engineer", "bank", "software_engineering"),
        ("Data Scientist - AVP", "bank", "data_science"),
        ("AVP", "bank", "unclassified"),
        ("VP of Engineering", "bank", "out_of_scope"),
        ("Engineer", "", "software_engineering"),
        ("Senior Engineer II", "it services", "software_engineering"),
        ("Engineer", "energy", "unclassified"),
        ("Analyst", "", "data_analytics"),
        ("Architect, Software", "", "software_engineering"),
        ("Database Administrators", "consulting", "data_engineering"),
        ("SE2", "software", "software_engineering"),
        ("Assistant Professor of Machine Learning", "education", "out_of_scope"),
    ],
)
def test_the_employer_decides_what_the_title_leaves_open(title: str, employer: str, leaf: str) -> None:
    assert classify(title, employer=employer).leaf == leaf


@pytest.mark.parametrize(
    ("title", "leaf"),
    [
        ("Softwareentwicklerin (m/w/d)", "software_engineering"),
        ("Fachinformatiker für Anwendungsentwicklung", "software_engineering"),
        ("Ingénieur en apprentissage automatique", "ml_generalist"),
        ("Administrateur systèmes et réseaux", "out_of_scope"),
        ("Científica de datos", "data_science"),
        ("Gerente de Projetos", "out_of_scope"),
        ("Engenheira de Dados", "data_engineering"),
        ("Inżynier uczenia maszynowego", "ml_generalist"),
        ("Starszy programista Java", "software_engineering"),
        ("Інженер машинного навчання", "ml_generalist"),
        ("Керівник проєктів", "out_of_scope"),
        ("Аналітик даних", "data_analytics"),
        ("Инженер данных", "data_engineering"),
        ("Бэкенд-разработчик", "software_engineering"),
        ("Тимлид", "out_of_scope"),
        ("机器学习工程师", "ml_generalist"),
        ("自然语言处理算法工程师", "nlp_classical"),
        ("产品经理", "out_of_scope"),
        ("後端工程師", "software_engineering"),
        ("機械学習エンジニア", "ml_generalist"),
        ("データアナリスト", "data_analytics"),
        ("プロジェクトマネージャー", "out_of_scope"),
        ("데이터 사이언티스트", "data_science"),
        ("Koneoppimisinsinööri", "ml_generalist"),
        ("Ohjelmistokehittäjä", "software_engineering"),
        ("Projektipäällikkö", "out_of_scope"),
    ],
)
def test_titles_of_other_languages(title: str, leaf: str) -> None:
    assert classify(title).leaf == leaf


def test_one_skill_among_many_does_not_decide() -> None:
    many = "Python;SQL;Docker;AWS;LangChain;Go;Kafka"
    assert classify("Software Engineer", skills=many).leaf == "software_engineering"
    assert classify("Software Engineer", skills=f"{many};RAG").leaf == "genai_application"
    assert classify("Software Engineer", skills="LangChain;Python").leaf == "genai_application"


def test_a_blank_title_is_unclassified() -> None:
    got = classify("")
    assert (got.leaf, got.rule, got.evidence, got.reason) == (UNCLASSIFIED, NO_RULE, "", None)


@given(st.text(max_size=80), st.text(max_size=30), st.text(max_size=30))
def test_any_text_is_placed(title: str, focus: str, skills: str) -> None:
    got = classify(title, focus, skills)
    assert got.leaf in LEAVES
    assert (got.leaf == "out_of_scope") == (got.reason in REASONS)


@given(st.sampled_from(sorted({example for rule in titles.rules() for example in rule.examples})))
def test_case_and_spaces_do_not_matter(example: tuple[str, str, str, str]) -> None:
    title, focus, skills, employer = example
    shouted = classify(f"  {title.upper()} ", focus.upper(), skills.upper(), employer.upper())
    assert shouted == classify(*example)


def test_reference_tables_agree() -> None:
    with (REFERENCE / "views.csv").open(encoding="utf-8", newline="") as file:
        views = list(csv.DictReader(file))
    assert list(views[0]) == ["view", "group_id", "group_label", "leaf"]
    assert {row["leaf"] for row in views} <= {name for name, row in LEAVES.items() if row["kind"] == "core"}
    assert "leaf" not in {row["view"] for row in views}
    for row in LEAVES.values():
        tools = row["tooling"].split(";") if row["tooling"] else []
        assert (row["kind"] == "none") if not tools else 3 <= len(tools) <= 8


def test_time_grows_with_the_length_of_the_title() -> None:
    """Ten times the words take ten times as long in one pass, a hundred times if a scan starts over at each word."""

    def seconds(words: int) -> float:
        title, found = "engineer " * words, []
        for _ in range(3):
            started = time.process_time()
            assert classify(title).leaf == UNCLASSIFIED
            found.append(time.process_time() - started)
        return min(found)

    assert seconds(100_000) < 30 * seconds(10_000)
