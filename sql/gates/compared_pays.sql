-- Grain: one row per compared cell in unit_cells and distinct pay, with the cumulated weight.
-- Inputs: paid_reports, cell_profiles, unit_cells.
with
profile_pays as (
    select profile, metric, pay, cast(sum(weight) as bigint) as weight
    from paid_reports
    group by profile, metric, pay
),

wanted as (
    select distinct cell from unit_cells
),

summed as (
    select c.cell, p.pay, cast(sum(p.weight) as bigint) as weight
    from profile_pays as p
    inner join cell_profiles as c on p.profile = c.profile and p.metric = c.metric
    inner join wanted as w on c.cell = w.cell
    group by c.cell, p.pay
)

select
    cell,
    pay,
    weight,
    cast(sum(weight) over (partition by cell order by pay asc nulls last) as bigint) as weight_to
from summed
