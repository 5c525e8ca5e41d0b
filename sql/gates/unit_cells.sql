-- Grain: one row per compared cell and unit with a sufficient share of its weight, but not all of it.
-- Inputs: unit_pays, paid_reports, cell_profiles, gate (left_out_share).
with
profile_weights as (
    select profile, metric, sum(weight) as weight, sum_of_squares(weight) as squared
    from paid_reports
    group by profile, metric
),

wholes as (
    select c.cell, sum(p.weight) as weight, sum(p.squared) as squared
    from profile_weights as p
    inner join cell_profiles as c on p.profile = c.profile and p.metric = c.metric
    group by c.cell
),

parts as (
    select cell, unit, sum(reports) as reports, sum(weight) as weight, sum(squared) as squared
    from unit_pays
    group by cell, unit
)

select
    p.cell,
    p.unit,
    p.reports,
    cast(w.weight - p.weight as hugeint) as weight,
    cast(w.squared - p.squared as hugeint) as squared,
    cast(w.weight as hugeint) as whole_weight,
    cast(w.squared as hugeint) as whole_squared
from parts as p
cross join gate as g
inner join wholes as w on p.cell = w.cell
where p.weight < w.weight and p.weight >= g.left_out_share * w.weight
