-- Grain: one row per cell of influence_chunk and report in it, ordered by cell and pay.
-- Inputs: influence_chunk (cell), cells, influence_units.
select
    i.cell,
    u.pay,
    u.weight,
    u.export,
    u.employer,
    u.day
from influence_chunk as i
inner join cells as c on i.cell = c.cell
inner join influence_units as u on c.atom = u.atom
order by i.cell asc nulls last, u.pay asc nulls last
