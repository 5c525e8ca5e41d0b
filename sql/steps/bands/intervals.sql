-- Grain: one row per cell that may be shown and percentile with a finite interval inside the lowest and highest pay.
-- Inputs: cell_pay, disclosed_cells, effective_sizes, ranks (reports, percentile, low_rank, high_rank).
-- A bound is the smallest pay whose share of the cumulated weight reaches (rank - 1/2) / m, with m the whole effective
-- size. Compared in integers.
with
targets as (
    select
        e.cell,
        e.percentile,
        e.whole,
        cast((2 * r.low_rank - 1) as hugeint) * cast(d.weight as hugeint) as low_target,
        cast((2 * r.high_rank - 1) as hugeint) * cast(d.weight as hugeint) as high_target,
        2 * cast(r.reports as hugeint) as scale
    from effective_sizes as e
    inner join ranks as r on e.whole = r.reports and e.percentile = r.percentile
    inner join disclosed_cells as d on e.cell = d.cell
),

bounds as (
    select
        t.cell,
        t.percentile,
        t.whole,
        min(case when t.scale * c.weight_to >= t.low_target then c.pay end) as low,
        min(case when t.scale * c.weight_to >= t.high_target then c.pay end) as high,
        min(c.pay) as lowest,
        max(c.pay) as highest
    from targets as t
    inner join cell_pay as c on t.cell = c.cell
    group by t.cell, t.percentile, t.whole
)

select cell, percentile, whole, low, high
from bounds
where low > lowest and high < highest
