-- Grain: one row per compared cell and unit whose absence could move P50 far, and one per such cell with unit 0: the
-- whole cell.
-- Inputs: unit_cells, compared_pays, gate (left_out_move).
-- Without part of the weight, P50 is between two percentiles of the whole. If these are close, the unit need not be
-- left out.
with
weights as (
    select *, cast(whole_weight as double) as whole, cast(weight as double) as remaining
    from unit_cells
),

stretches as (
    select
        cell,
        unit,
        whole,
        (whole * whole - whole_squared) / (2 * whole) as centre_from,
        (whole * whole + whole_squared) / (2 * whole) as centre_to,
        (remaining * remaining - squared) / (2 * remaining) as lowest,
        (remaining * remaining + squared) / (2 * remaining) + whole - remaining as highest
    from weights
),

-- bounds of P50, with the unit and without
lower_bounds as (
    select s.cell, s.unit, c.pay
    from stretches as s
    asof inner join compared_pays as c on s.cell = c.cell and least(s.lowest, s.centre_from) <= c.weight_to
),

upper_bounds as (
    select s.cell, s.unit, c.pay
    from stretches as s
    asof inner join compared_pays as c
        on s.cell = c.cell and least(greatest(s.highest, s.centre_to), s.whole) <= c.weight_to
),

chosen as (
    select u.*
    from unit_cells as u
    cross join gate as g
    inner join lower_bounds as l on u.cell = l.cell and u.unit = l.unit
    inner join upper_bounds as h on u.cell = h.cell and u.unit = h.unit
    where h.pay > l.pay * (1 + g.left_out_move) or l.pay < h.pay * (1 - g.left_out_move)
)

select cell, unit, reports, weight, squared
from chosen
union
select cell, 0 as unit, 0 as reports, whole_weight as weight, whole_squared as squared
from chosen
