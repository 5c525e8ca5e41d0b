-- Grain: one row per row of left_out_cells: P50 without the unit, in unrounded USD.
-- Inputs: left_out_cells, compared_pays, unit_pays.
-- The formula is that of steps/bands/percentiles.
with
pays as (
    select l.cell, l.unit, c.pay, c.weight
    from left_out_cells as l
    inner join compared_pays as c on l.cell = c.cell
    union all
    select l.cell, l.unit, u.pay, -u.weight as weight
    from left_out_cells as l
    inner join unit_pays as u on l.cell = u.cell and l.unit = u.unit
),

summed as (
    select cell, unit, pay, sum(weight) as weight
    from pays
    group by cell, unit, pay
    having sum(weight) > 0
),

histograms as (
    select
        cell,
        unit,
        pay,
        cast(weight as hugeint) as weight,
        cast(sum(weight) over (partition by cell, unit order by pay asc nulls last) as hugeint) as weight_to
    from summed
),

stretches as (
    select
        cell,
        unit,
        reports,
        100 * weight as scale,
        100 * squared as length,
        50 * (weight * weight - squared) as stretch_from,
        50 * (weight * weight - squared) + 100 * squared as stretch_to
    from left_out_cells
)

select
    s.cell,
    s.unit,
    s.reports,
    cast(
        sum(
            h.pay * (
                least(s.scale * h.weight_to, s.stretch_to)
                - greatest(s.scale * (h.weight_to - h.weight), s.stretch_from)
            )
        ) as double
    ) / cast(s.length as double) as p50
from histograms as h
inner join stretches as s on h.cell = s.cell and h.unit = s.unit
where s.scale * h.weight_to > s.stretch_from and s.scale * (h.weight_to - h.weight) < s.stretch_to
group by s.cell, s.unit, s.reports, s.length
order by s.cell asc nulls last, s.unit asc nulls last
