"""Each form a rubric document may have: what counts as a statement, and where a broken one is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import BadInput
from rubric.document import open_document, read_document

SHARED = Path(__file__).parents[1].parent / "shared" / "rubric"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the rubric documents are not here")

PLACES = [
    ("Growing", "Watering", "I water on time"),
    ("Growing", "Watering", "I stop when it rains"),
    ("Craft", "Names", "I know ten names"),
]

IN_HTML = "a statement is an item of a list, under an h2 or lower; what is in a table goes into a CSV file"
IN_MARKDOWN = (
    "a statement is a bullet or a numbered line under a heading; what is in a table goes into a CSV file"
)
IN_A_TABLE = "a table has a head of pillar, group and statement, and a statement in each row"

# --- one rubric, in every form --------------------------------------------------------------------------


def test_markdown_gives_the_statements_under_its_headings(tmp_path: Path) -> None:
    text = (
        "# Gardener\nWhat it is.\n\n## 🪴 Growing\nAbout it.\n### Watering\n- I water on time\n"
        "* I stop when\n  it rains\n\n## Craft\n### Names\n1. I know **ten** [names](list.md)\n"
    )
    document = open_document(written(tmp_path, "gardener.md", text))
    assert document.title == "Gardener"
    assert places(document.statements) == PLACES


def test_a_table_gives_a_statement_a_row(tmp_path: Path) -> None:
    text = (
        "statement,Pillar,group\nI water on time,Growing,Watering\n"
        '"I stop when\nit rains",Growing,Watering\n\nI know ten names,Craft,Names\n'
    )
    assert places(read_document(written(tmp_path, "gardener.csv", text))) == PLACES


def test_a_table_may_be_parted_by_semicolons(tmp_path: Path) -> None:
    text = "pillar;group;statement\nCraft;Names;I know roses, lilies, and more\n"
    assert places(read_document(written(tmp_path, "gardener.csv", text))) == [
        ("Craft", "Names", "I know roses, lilies, and more")
    ]


def test_a_level_of_a_yaml_document_has_its_themes_as_pillars(tmp_path: Path) -> None:
    path = written(tmp_path, "garden.yml", LEVELS)
    document = open_document(f"{path}@head")
    assert document.title == "Garden, Head gardener"
    assert places(document.statements) == [("Names", "Names", "Knows all names.")]


def test_a_yaml_document_without_a_chosen_level_has_levels_as_pillars(tmp_path: Path) -> None:
    assert places(read_document(written(tmp_path, "garden.yml", LEVELS))) == [
        ("Junior", "Names", "Knows ten names."),
        ("Junior", "Watering", "1. Waters. 2. Stops."),
        ("Head gardener", "Names", "Knows all names."),
    ]


# --- what a form has of its own -------------------------------------------------------------------------


def test_a_second_main_heading_inside_a_page_takes_nothing_away(tmp_path: Path) -> None:
    page = (
        "<h1>Elsewhere</h1><ul><li>Navigation</ul><h1>Gardener</h1><p><strong>Scope</strong></p>"
        "<ul><li>One bed</ul><h1>Duties</h1><h2>Craft</h2><p><strong>Names</strong></p><ul><li>Ten</ul>"
    )
    document = open_document(written(tmp_path, "page.html", page))
    assert document.title == "Gardener"
    assert places(document.statements) == [("Level", "Scope", "One bed"), ("Craft", "Names", "Ten")]


def test_a_statement_in_paragraphs_of_its_own_is_one_statement(tmp_path: Path) -> None:
    page = (
        "<h1>G</h1><p><strong>Names</strong></p><ul><li>\n<p>Ten</p> <p>or <b>more</b></p></li><li>None</ul>"
    )
    assert [each.text for each in read_document(written(tmp_path, "page.html", page))] == [
        "Ten or more",
        "None",
    ]


def test_two_bold_words_are_two_words_of_one_heading(tmp_path: Path) -> None:
    page = "<h1>G</h1><p><strong>Rose</strong> <strong>beds</strong></p><ul><li>Ten</ul>"
    assert places(read_document(written(tmp_path, "page.html", page))) == [("Level", "Rose beds", "Ten")]


def test_a_last_statement_whose_tags_are_never_closed_is_kept(tmp_path: Path) -> None:
    page = "<h1>G</h1><p><strong>Names</strong></p><ul><li>Ten<li>Twenty"
    assert [each.text for each in read_document(written(tmp_path, "page.html", page))] == ["Ten", "Twenty"]


def test_deeper_headings_stay_nested_in_the_group(tmp_path: Path) -> None:
    text = "# G\n## Craft\n- Alone\n### Names\n#### Latin\n- Ten\n**Greek**\n- Two\n### Tools\n- A spade\n"
    assert places(read_document(written(tmp_path, "g.md", text))) == [
        ("Craft", "Craft", "Alone"),
        ("Craft", "Names / Latin", "Ten"),
        ("Craft", "Names / Latin / Greek", "Two"),
        ("Craft", "Tools", "A spade"),
    ]


def test_a_bullet_with_a_colon_over_others_is_their_heading(tmp_path: Path) -> None:
    text = "# G\n## Craft\n### Names\n- In Latin:\n  - ten\n  - all roses\n- One more\n"
    assert places(read_document(written(tmp_path, "g.md", text))) == [
        ("Craft", "Names / In Latin", "ten"),
        ("Craft", "Names / In Latin", "all roses"),
        ("Craft", "Names", "One more"),
    ]


def test_a_bullet_without_a_colon_over_others_is_a_statement_like_them(tmp_path: Path) -> None:
    text = "# G\n## Craft\n- I know names\n  - also in Latin\n"
    assert [each.text for each in read_document(written(tmp_path, "g.md", text))] == [
        "I know names",
        "also in Latin",
    ]


def test_code_comments_and_front_matter_are_no_statements_and_move_no_line(tmp_path: Path) -> None:
    text = "---\ntags: a\n- b\n---\n<!--\n- no\n-->\n# G\n## Craft\n```\n- no\n```\n- Yes\n- Yes\n"
    with pytest.raises(BadInput) as caught:
        read_document(written(tmp_path, "g.md", text))
    assert caught.value.mistakes == ["g.md:14: the same statement stands twice, first on line 13"]


def test_a_paragraph_after_a_list_belongs_to_no_statement(tmp_path: Path) -> None:
    text = "# G\n## Craft\n- Ten\n\nA description.\n\n- Eleven\n"
    assert [each.text for each in read_document(written(tmp_path, "g.md", text))] == ["Ten", "Eleven"]


@pytest.mark.parametrize("typeset", ["snake_case_name", "2 * 3 * 4", "C:\\*"])
def test_signs_that_are_no_emphasis_stay(typeset: str, tmp_path: Path) -> None:
    assert read_document(written(tmp_path, "g.md", f"# G\n## C\n- {typeset}\n"))[0].text == typeset


# --- other hands ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h2>C</h2><ul><li>One<li>Two</ul>", ["C | C | One", "C | C | Two"]),
        ("<h2>C</h2><p><b>Q:</b></p><ul><li><span>O</span>ne</li></ul>", ["C | Q | One"]),
        (
            "<h2>C</h2><h3>Q</h3><h4>T</h4><ul><li>One</ul><h4>R</h4><ul><li>Two</ul><h3>O</h3><ul><li>Three</ul>",
            ["C | Q / T | One", "C | Q / R | Two", "C | O | Three"],
        ),
        (
            "<h2>C</h2><h3>Q</h3><ul><li>Cares:<ul><li>One</li><li>Two</li></ul></li><li>Three</li></ul>",
            ["C | Q / Cares | One", "C | Q / Cares | Two", "C | Q | Three"],
        ),
        (
            "<h2>C</h2><h3>Q</h3><ul><li>One<br>two<script>var a = '<li>no</li>'</script></li></ul>"
            "<footer><ul><li>Privacy</li></ul></footer>",
            ["C | Q | One two"],
        ),
    ],
)
def test_a_page_of_another_make_keeps_its_nesting_and_gains_nothing(
    body: str, expected: list[str], tmp_path: Path
) -> None:
    page = f"<nav><ul><li>Home</li></ul></nav><main><h1>G</h1>{body}</main>"
    found = places(read_document(written(tmp_path, "g.html", page)))
    assert [" | ".join(place) for place in found] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("G\n===\n\nC\n---\n\n### Q\n- One\n", ["C | Q | One"]),
        ("---\ntitle: x\n---\n# G\n## C\n### Q\n- One\n", ["C | Q | One"]),
        ("# G\n\n**C:**\n\n- One\n\n**D**\n\n- Two\n", ["C | C | One", "D | D | Two"]),
        ("# G\n## C\n### Q\n1. One<br>two\n10) Three\n", ["C | Q | One two", "C | Q | Three"]),
    ],
)
def test_markdown_of_another_hand_reads_the_same(text: str, expected: list[str], tmp_path: Path) -> None:
    assert [" | ".join(each) for each in places(read_document(written(tmp_path, "g.md", text)))] == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("g.csv", "sep=;\npillar;group;statement\nC;Q;One, two\n"),
        ("g.csv", 'pillar,group,statement\r\nC,Q,"One, two"\r\n'),
        ("g.tsv", "pillar\tgroup\tstatement\nC\tQ\tOne, two\n"),
        ("g.txt", "G\r\nLead.\r\n★ C\r\nQ\r\n- One,\r\n  two\r\n"),
        ("g.md", "# G\r\n## C\r\n### Q\r\n- One, two\r\n"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_other_programs_write_reads_the_same(
    name: str, text: str, encoding: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(text.encode(encoding))
    assert places(read_document(tmp_path / name)) == [("C", "Q", "One, two")]


# --- broken documents -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "mistakes"),
    [
        (
            "g.txt",
            "G\nLead\nScope\n- One\n-\n",
            ["5: a statement without words; write it or delete its line"],
        ),
        ("g.txt", "G\nLead\nScope\n- Beep\x07\n", ["4: holds a control character; save it as plain text"]),
        ("g.md", "- alone\n# G\n", ["1: a statement without a heading above it"]),
        ("g.md", "# G\n```\n- swallowed\n", ["2: '```' is opened here and never closed"]),
        ("g.txt", "", ["1: no statements; a statement is a line that starts with '- '"]),
        ("g.md", "# G\n| a | b |\n|---|---|\n| c | d |\n", [f"1: no statements; {IN_MARKDOWN}"]),
        ("g.html", "<h1>G</h1><table><tr><td>a</td></tr></table>", [f"1: no statements; {IN_HTML}"]),
        ("g.csv", "", [f"1: no statements; {IN_A_TABLE}"]),
        (
            "g.yml",
            "levels: []\nthemes: []\ncompetencies: []\n",
            ["1: no statements; `competencies` is empty"],
        ),
        (
            "g.txt",
            "# G\n- One\n",
            [
                "1: a heading with # is Markdown; name the file so, with .md",
                "2: a statement without a heading above it",
            ],
        ),
        (
            "g.csv",
            "sep=;\npillar;group\nA;B\n",
            ["2: column 'statement' is missing; a table has pillar, group, statement"],
        ),
        ("g.html", "<h1>G</h1>\n<ul>\n<li>alone</ul>", ["3: a statement without a heading above it"]),
        (
            "g.csv",
            "pillar,gruop,statement\nA,B,C\n",
            [
                "1: column 'group' is missing; a table has pillar, group, statement",
                "1: unknown column 'gruop'; did you mean 'group'?",
            ],
        ),
        ("g.csv", "pillar,group,statement\nA,,C\n", ["2: group is empty; every row names all three"]),
        (
            "g.csv",
            "pillar,group,statement\nA,B,C, and D\nA,B\n",
            [
                "2: a row of 4 cells where there are 3 columns; is a quote missing?",
                "3: a row of 2 cells where there are 3 columns; is a quote missing?",
            ],
        ),
        (
            "g.csv",
            'pillar,group,statement\nA,B,C\nA,B,"D\nA,B,E\n',
            ["3: a quotation mark that is never closed, or stands inside a cell"],
        ),
    ],
)
def test_a_broken_document_says_where(name: str, text: str, mistakes: list[str], tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_document(written(tmp_path, name, text))
    assert caught.value.mistakes == [f"{name}:{mistake}" for mistake in mistakes]


def test_a_broken_yaml_document_says_every_mistake_with_its_line(tmp_path: Path) -> None:
    text = LEVELS.replace("level: head", "level: haed").replace("theme: watering", "topic: watering")
    with pytest.raises(BadInput) as caught:
        read_document(written(tmp_path, "garden.yml", text))
    assert caught.value.mistakes == [
        "garden.yml:9: competency 1: no level is named 'haed'; did you mean 'head'?",
        "garden.yml:11: competency 2: theme is missing",
    ]


def test_yaml_of_another_kind_says_what_a_rubric_in_yaml_has(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_document(written(tmp_path, "garden.yml", "levels: []\nthemes: []\n"))
    assert caught.value.mistakes == [
        "garden.yml:1: the document: competencies is missing;"
        " a rubric in YAML has `levels`, `themes` and `competencies`"
    ]


def test_an_unknown_level_is_answered_with_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, "garden.yml", LEVELS)
    with pytest.raises(BadInput) as caught:
        open_document(f"{path}@hed")
    assert caught.value.mistakes == ["garden.yml:2: no level is named 'hed'; did you mean 'head'?"]


# --- the recorded documents -----------------------------------------------------------------------------


@needs_shared
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("ic1_machine_learning_engineer.txt", 38),
        ("dropbox/ic1_machine_learning_engineer.html", 38),
        ("dropbox/ic1_software_engineer.html", 34),
        ("dropbox/ic2_machine_learning_engineer.html", 56),
        ("dropbox/ic2_software_engineer.html", 51),
        ("dropbox/ic3_machine_learning_engineer.html", 72),
        ("ft/engineering.yml", 72),
        ("ft/engineering.yml@junior", 9),
        ("ft/engineering.yml@tech-director", 9),
    ],
)
def test_a_recorded_document_has_all_of_its_statements(name: str, count: int) -> None:
    assert len(open_document(str(SHARED / name)).statements) == count


LEVELS = """name: Garden
levels: [{id: junior, name: Junior}, {id: head, name: Head gardener}]
themes:
  - id: names
    name: Names
  - {id: watering, name: Watering}
competencies:
  - theme: names
    level: head
    summary: Knows all names.
  - {level: junior, theme: watering, summary: "1. Waters.\\n2. Stops."}
  - {level: junior, theme: names, summary: Knows ten names.}
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def places(statements: object) -> list[tuple[str, str, str]]:
    return [(each.pillar, each.group, each.text) for each in statements]  # type: ignore[attr-defined]
