"""Why a report is out of scope, by the words of its level column and its title."""

import pytest

from salary_bands.vocabulary.engagement import answered_scope, title_scope


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Intern", "intern_or_student"),
        ("Data Intern", "intern_or_student"),
        ("Software Engineer Intern", "intern_or_student"),
        ("Working Student", "intern_or_student"),
        ("Contractor", "contract"),
        ("Senior Contractor", "contract"),
        ("Sr. Contractor / IC", "contract"),
        ("Contract Software Engineer", "contract"),
        ("Part Time SE1", "part_time"),
        ("Self-employed", "freelance"),
        ("Freelance developer", "freelance"),
        ("M2", "people_manager"),
        ("Engineering Manager", "people_manager"),
        ("Senior SDE Manager", "people_manager"),
        ("Principal EM", "people_manager"),
        ("EM 2", "people_manager"),
        ("L5 SDM", "people_manager"),
        ("Manager (level 7)", "people_manager"),
        ("Mgr., Software Engineering", "people_manager"),
        ("Senior Staff Eng manager", "people_manager"),
        ("Director", "executive"),
        # leads no people, and is no engineer
        ("L5 Product Manager", "other_job"),
        ("Technical Program Manager", "other_job"),
        # grades of firms and banks, and levels
        ("Associate Manager", None),
        ("Technical Director", None),
        ("VP", None),
        ("Graduate Engineer Trainee", None),
        ("Principal Engineer", None),
        ("M10", None),
        ("Senior", None),
        ("Internal", None),
        ("", None),
        (None, None),
    ],
)
def test_a_level_column_says_who_is_out_of_scope(text: str | None, reason: str | None) -> None:
    assert answered_scope(text) == reason


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("ML Engineer (part-time)", "part_time"),
        ("Part Time Data Analyst", "part_time"),
        ("ML/Research (30 hours weekly)", "part_time"),
        ("Entwickler, 20 Std pro Woche", "part_time"),
        ("Machine Learning Engineer (20h/week)", "part_time"),
        ("Machine Learning Engineer, 30h/Woche", "part_time"),
        ("Machine Learning Engineer (40h/week)", None),
        ("Software Engineer, 40 hours per week", None),
        ("Software Developer (Freelance / Independent contractor)", "freelance"),
        ("Freelance AI lead / advisor", "freelance"),
        ("self employed data scientist", "freelance"),
        ("Scientific Data Analyst - Contractor", "contract"),
        ("Data Scientist (Contract)", "contract"),
        ("Software Engineer, contract to hire", "contract"),
        ("Contract Software Engineer", "contract"),
        ("Engineering Contractor", "contract"),
        ("Independent Contractor", "contract"),
        # contracts as the subject of the job
        ("Contracts Manager", None),
        ("Senior Contract Manager", None),
        ("Contract Analyst", None),
        ("Smart Contract Engineer", None),
        ("Smart Contract Developer - Solidity", None),
        ("Contract Engineer", None),
        ("Manager, Research Contracts", None),
        ("Engineer, Contract Intelligence", None),
        ("Machine Learning Engineer, Freelancer Platform", None),
        ("Real-time Systems Engineer", None),
        ("General Contractor Liaison", None),
        ("", None),
    ],
)
def test_a_title_says_how_a_person_is_engaged(title: str, reason: str | None) -> None:
    assert title_scope(title) == reason
