"""Every statement under proofs/ is what it says; the long ones in the slow run."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from polymaestro.errors import PolymaestroError
from polymaestro.proving import ProofError, Statement, chosen, load_statements

ROOT = Path(__file__).resolve().parents[2]
STATEMENTS = load_statements(ROOT / "proofs")
SLOW = {
    "every-formula-is-the-interpreters-count",
    "a-directive-with-one-step-changes-nothing",
    "one-step-directives-may-go-anywhere",
    "a-cluster-of-one-changes-nothing",
    "what-is-used-is-new-or-kept",
    "what-arrives-leaves",
    "every-set-is-counted-right",
    "tables-print-what-was-derived",
    "cases-of-a-formula-are-the-formula",
    "solvers-agree-on-compulsory-traffic",
    "all-steps-move-the-words-of-the-roofline",
    "divisible-costs-are-the-exact-ones",
}
IN_PARTS = {"tiles-may-get-their-numbers-late"}
"""`polymaestro prove` checks these whole; test_products.py has a part of them."""


def marks_of(name: str) -> list[pytest.MarkDecorator]:
    marks = [pytest.mark.slow] * (name in SLOW)
    return [*marks, pytest.mark.barvinok] if name == "both-engines-count-the-same" else marks


MARKED = [
    pytest.param(each, marks=marks_of(name), id=name)
    for name, each in STATEMENTS.items()
    if name not in IN_PARTS
]


@pytest.mark.parametrize("each", MARKED)
def test_the_statement_is_as_stated(each: Statement) -> None:
    outcome = each.check()
    assert outcome.as_expected, "\n".join(
        str(p) for p in outcome.proofs if p.verdict not in ("proved", "skipped")
    )
    assert outcome.proofs
    if each.is_false:
        assert all(proof.counterexample for proof in outcome.proofs if proof.verdict != "skipped")


def test_slow_statements_and_those_in_parts_exist() -> None:
    assert set(STATEMENTS) >= SLOW | IN_PARTS


def test_every_statement_says_what_it_claims_and_what_it_trusts() -> None:
    for each in STATEMENTS.values():
        assert each.sentence.endswith((".", ")")), each.name
        assert each.trusts, each.name


def test_the_readme_of_the_proofs_lists_every_statement() -> None:
    text = (ROOT / "proofs" / "README.rst").read_text(encoding="utf-8")
    missing = [name for name in STATEMENTS if f"``{name}``" not in text]
    assert not missing


def test_a_folder_without_statements_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProofError, match="no folder"):
        load_statements(tmp_path / "nowhere")
    with pytest.raises(ProofError, match="no statements"):
        load_statements(tmp_path)


def test_a_file_that_does_not_load_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1/0", encoding="utf-8")
    with pytest.raises(ProofError, match=r"broken\.py does not load: ZeroDivisionError"):
        load_statements(tmp_path)


def test_two_statements_of_one_name_are_refused(tmp_path: Path) -> None:
    text = (
        "from polymaestro.proving import statement\n"
        "@statement(trusts='')\ndef one():\n    'One.'\n    yield\n"
    )
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ProofError, match=r"b\.py: a second statement is named 'one'"):
        load_statements(tmp_path)


def test_an_unknown_statement_is_refused_with_the_nearest_name() -> None:
    assert [each.name for each in chosen(STATEMENTS, ["systolic_folds"])] == ["systolic-folds"]
    with pytest.raises(PolymaestroError, match="did you mean 'systolic-folds'"):
        chosen(STATEMENTS, ["systolic-fold"])


def test_every_mutation_still_has_its_text(module_of: Callable[[str], ModuleType]) -> None:
    for mutant in module_of("tests/mutation.py").MUTANTS:
        text = (ROOT / "polymaestro" / mutant.file).read_text(encoding="utf-8")
        assert mutant.old in text, mutant.what
