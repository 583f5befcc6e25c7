"""The picture of the first steps shows what the interpreter executes."""

from itertools import islice, product

from hypothesis import given

from polymaestro.dataflow import parse_dataflow
from polymaestro.loopnest import lower
from polymaestro.loopnest.interpreter import numeric
from polymaestro.loopnest.picture import Schedule, picture
from polymaestro.loopnest.running import executed
from polymaestro.strategies import Drawn, wild_mappings
from polymaestro.workload import conv2d, gemm


@given(wild_mappings())
def test_every_unit_has_the_tiles_of_the_interpreter_in_their_order(drawn: Drawn) -> None:
    mapping = numeric(drawn.operator, drawn.dataflow, drawn.num_pes, {})
    schedule = Schedule(lower(drawn.operator, drawn.dataflow, drawn.num_pes), {})
    tiles: dict[tuple[int, ...], list[object]] = {}
    for run in executed(mapping):
        tiles.setdefault(run.unit, []).append(run.box)
    for unit, boxes in tiles.items():
        steps = list(schedule.steps(unit))
        assert steps == sorted(set(steps))
        drawn_boxes = [schedule.box(unit, step) or {} for step in steps]
        assert [tuple(box[d.variable] for d in drawn.operator.dims) for box in drawn_boxes] == boxes
    for unit in product(*map(range, schedule.counts)):
        if unit not in tiles:
            assert not list(schedule.steps(unit))


def test_a_long_schedule_is_drawn_from_its_start_only() -> None:
    flow = parse_dataflow("SpatialMap(1,1) M; TemporalMap(1,1) N; TemporalMap(1,1) K")
    nest = lower(gemm(M=10**9, N=10**9, K=10**9), flow, num_pes=10**6)
    last = (10**6 - 1,)
    assert list(islice(Schedule(nest, {}).steps(last), 2)) == [(0, 0, 0), (0, 0, 1)]
    *_, row, everywhere = words(picture(nest, {}))
    assert row == "u0=999999 m 999999 k 0 m 999999 k 1 m 999999 k 2 m 999999 k 3"
    assert everywhere == "everywhere: f0_m = 0, t0_n = 0, n 0"


def test_units_that_never_work_are_idle() -> None:
    nest = lower(gemm(M=1, N=2, K=1), parse_dataflow("SpatialMap(1,1) N; TemporalMap(1,1) M"), num_pes=4)
    assert words(picture(nest, {}))[-2:] == ["u0=3 idle", "everywhere: m 0, k 0"]


def test_neighbours_share_a_halo_of_rows() -> None:
    flow = parse_dataflow("SpatialMap(3,1) Y; TemporalMap(1,1) C")
    nest = lower(conv2d(N=1, K=1, C="C", P=4, Q=1, R=3, S=1), flow, num_pes=4)
    assert words(picture(nest, {"C": 1})) == [
        "u0=0 p 0 y 0…2",
        "u0=1 p 1 y 1…3",
        "u0=3 p 3 y 3…5",
        "everywhere: t0_c = 0, n 0, k 0, c 0, q 0, r 0…2, s 0, x 0",
    ]


def test_two_units_of_each_level_and_its_last_one_are_drawn() -> None:
    flow = parse_dataflow("SpatialMap(1,1) M; Cluster(8); SpatialMap(1,1) K")
    rows = words(picture(lower(gemm(M=10, N=1, K=8), flow, num_pes=80), {}))[:-1]
    drawn = [row.split()[0] + row.split()[1] for row in rows]
    assert drawn == [f"u0={m},u1={k}" for m in (0, 1, 9) for k in (0, 1, 7)]


def words(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]
