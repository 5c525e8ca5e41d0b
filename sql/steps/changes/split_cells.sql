-- Grain: one row per changed roll-up and atom in it, with the ratio that gives each tier and level its former share of
-- the weight.
-- Inputs: changed_numbers, cells, profiles, metric_reports, former_reports (metric_reports of the previous release).
-- Only roll-ups that are direct in both releases. A tier and level without reports now is left out; one without reports
-- before gets the ratio 0.
with
rolled_up as (
    select distinct c.cell, c.atom, p.tier, p.level
    from changed_numbers as d
    inner join cells as c on d.cell = c.cell
    inner join profiles as p on c.atom // 100 = p.profile
    where d.change = 'changed' and d.is_roll_up and d.is_direct_in_both
),

weights as (
    select atom, sum(weight) as weight, 0 as former_weight from metric_reports group by atom
    union all
    select atom, 0 as weight, sum(weight) as former_weight from former_reports group by atom
),

strata as (
    select
        r.cell,
        r.tier,
        r.level,
        sum(w.weight) as weight,
        sum(w.former_weight) as former_weight
    from rolled_up as r
    inner join weights as w on r.atom = w.atom
    group by r.cell, r.tier, r.level
    having sum(w.weight) > 0
),

wholes as (
    select cell, sum(weight) as weight, sum(former_weight) as former_weight
    from strata
    group by cell
    having sum(former_weight) > 0
)

select
    r.cell,
    r.atom,
    (cast(s.former_weight as double) / cast(s.weight as double))
    * (cast(w.weight as double) / cast(w.former_weight as double)) as ratio
from rolled_up as r
inner join strata as s on r.cell = s.cell and r.tier = s.tier and r.level = s.level
inner join wholes as w on r.cell = w.cell
