import pytest
from hypothesis import given
from hypothesis import strategies as st

from polymaestro.errors import PolymaestroError, WorkloadError
from polymaestro.workload import conv2d, einsum, gemm


def test_a_matrix_product_is_the_gemm_of_the_catalog() -> None:
    built = einsum("Z[m,n] += A[m,k] * B[k,n]", M=4)
    assert built.tensors == gemm().tensors
    assert [(dim.name, str(dim.extent)) for dim in built.dims] == [("M", "4"), ("N", "N"), ("K", "K")]


def test_a_convolution_reads_the_same_elements_as_the_catalog() -> None:
    built = einsum("O[n,k,p,q] = I[n,c,2*p+r,2*q+s] * W[k,c,r,s]")
    catalog = conv2d(stride=2)
    for name in "IWO":
        assert built.tensor(name).access == catalog.tensor(name).access


def test_any_number_of_inputs() -> None:
    assert [t.name for t in einsum("S[i] += V[i]").tensors] == ["V", "S"]
    mttkrp = einsum("D[i,j] += A[i,k,l] * B[k,j] * C[l,j]")
    assert [t.role for t in mttkrp.tensors] == ["input", "input", "input", "output"]
    assert [dim.name for dim in mttkrp.dims] == ["I", "J", "K", "L"]


def test_indices_are_affine() -> None:
    access = einsum("Z[0] += A[-i + 3*jj - 2 + jj, 7]").tensor("A").access
    point = {"i": 10, "jj": 100}
    assert [index.evaluate(point) for index in access] == [4 * 100 - 10 - 2, 7]


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("", "expected the name of an output tensor, found the end", 1),
        ("Z[m] - A[m]", r"expected '\+=' or 'max=' after the output, found '-'", 6),
        ("Z[m] += A[m] B[m]", "expected '\\*' and one more input, or the end, found 'B'", 14),
        ("Z[m] += A[M]", "index 'M' must be lower case: 'm'", 11),
        ("Z[m] += A[m", "expected ',' or ']', found the end", 12),
        ("Z[m] += A[m,]", "expected an index", 13),
        ("Z[m] += A[m*2]", "expected ',' or ']', found '\\*'", 12),
        ("Z[m] += A m", r"expected '\[', found 'm'", 11),
        ("Z[m] += A[m] * A[m]", "tensor 'A' appears twice", 16),
        ("Z[m] += Z[m]", "tensor 'Z' appears twice", 9),
        ("Z[_] += A[m]", "index '_' needs a letter", 3),
        ("Z[é] += A[m]", "expected an index", 3),
    ],
)
def test_a_caret_stands_under_the_mistake(text: str, message: str, column: int) -> None:
    with pytest.raises(WorkloadError, match=message) as caught:
        einsum(text)
    if text:
        assert str(caught.value).splitlines()[-1] == " " * (column + 1) + "^"


@pytest.mark.parametrize(
    ("where", "domain"),
    [
        ("j <= i", "i ≥ j"),
        ("j<i", "j < i"),
        ("i >= 2*j - 1 and j > 3", "i + 1 ≥ 2·j and j ≥ 4"),
        (["j <= i", "i - j < 4"], "i ≥ j and j + 3 ≥ i"),
        ("1 <= i + j <= 3", "i + j ≥ 1 and i + j ≤ 3"),
        ("0 == i - j", "i ≥ j and j ≥ i"),
        ("-i + J > j", "i + j < J"),
        ([], ""),
    ],
)
def test_conditions_are_read(where: str | list[str], domain: str) -> None:
    assert einsum("S[i,j] += A[i] * B[j]", where=where).domain == domain


@given(st.integers(-9, 9), st.integers(-9, 9), st.sampled_from(["<=", "<", ">=", ">", "=="]))
def test_each_relation_means_what_python_says(i: int, j: int, relation: str) -> None:
    constraints = einsum("S[i,j] += A[i] * B[j]", where=f"2*i + 1 {relation} j").constraints
    held = all(each.evaluate({"i": i, "j": j}) >= 0 for each in constraints)
    assert held == eval(f"2*i + 1 {relation} j", {}, {"i": i, "j": j})  # noqa: S307  the text is ours


@pytest.mark.parametrize(
    ("where", "message", "column"),
    [
        ("", "expected a variable, an extent or a number, found the end", 1),
        ("j", "expected one of <= < >= > ==, found the end", 2),
        ("j <= ii", "the condition uses unknown name 'ii'; did you mean 'i'", 6),
        ("j <= i or i < 3", "expected a relation, 'and', or the end, found 'or'", 8),
        ("j <= i and", "expected a variable, an extent or a number, found the end", 11),
        ("j = i", "expected one of <= < >= > ==, found '='", 3),
        ("i*j < 3", r"expected one of <= < >= > ==, found '\*'", 2),
    ],
)
def test_a_caret_stands_under_the_mistake_in_a_condition(where: str, message: str, column: int) -> None:
    with pytest.raises(WorkloadError, match=message) as caught:
        einsum("S[i,j] += A[i] * B[j]", where=where)
    if where:
        assert str(caught.value).splitlines()[-1] == " " * (column + 1) + "^"


def test_the_largest_product_instead_of_the_sum() -> None:
    assert einsum("Z[m] max= A[m,k]").reduction == "max"
    assert einsum("Z[m] += A[m,k]").reduction == einsum("Z[m] = A[m,k]").reduction == "sum"
    assert str(einsum("max[m] max= A[m,k]", M=2, K=3)) == "einsum: max[m] max= A[m, k]\n  M = 2, K = 3"


def test_an_extent_of_an_unknown_dimension_is_refused() -> None:
    with pytest.raises(WorkloadError, match="this einsum has no dimension 'MM'; did you mean 'M'"):
        einsum("Z[m] += A[m]", MM=3)


@given(st.one_of(st.text(), st.lists(st.sampled_from([*"ZAB[]mnk,*+-=2 ", "+="])).map("".join)))
def test_any_text_reads_or_is_refused(text: str) -> None:
    try:
        operator = einsum(text)
    except PolymaestroError:
        return
    assert {dim.variable for dim in operator.dims} <= set(text)
