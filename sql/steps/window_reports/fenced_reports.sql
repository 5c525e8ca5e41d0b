-- Grain: one row per report outside its fence, with the metric that is outside.
-- Inputs: log_pays, fences, country_fences, level_effects, agreed_pays, refresh.
-- The fence is that of the finest reference cell, else that of the country. A report is inside all the same if its
-- employer or its leaf pays so at this level in this country, as long as the distance is no unit error.
with
measured as (
    select
        l.*,
        abs(l.log_pay - coalesce(a.median_log, b.median_log, c.median_log + coalesce(e.effect, 0))) as distance,
        coalesce(a.reach, b.reach, c.reach) as reach
    from log_pays as l
    left join fences as a
        on
            a.fineness = 1
            and l.evidence = a.evidence
            and l.metric = a.metric
            and l.tier = a.tier
            and l.level = a.level
            and l.country = a.country
    left join fences as b
        on
            b.fineness = 2
            and l.evidence = b.evidence
            and l.metric = b.metric
            and l.level = b.level
            and l.country = b.country
    left join country_fences as c on l.evidence = c.evidence and l.metric = c.metric and l.country = c.country
    left join level_effects as e on l.evidence = e.evidence and l.metric = e.metric and l.level = e.level
),

outside as (
    select * from measured where distance > reach
),

agreed as (
    select distinct o.export_number, o."row", o.metric
    from outside as o
    inner join agreed_pays as a
        on
            o.evidence = a.evidence
            and o.metric = a.metric
            and o.level = a.level
            and o.country = a.country
            and (o.employer = a.employer or o.leaf = a.leaf)
    cross join refresh as f
    where
        abs(o.log_pay - a.median_log) <= 65536 * f.fence_multiple * f.fence_min_mad
        and o.distance <= 65536 * ln(f.fence_agreed_factor)
)

select o.export_number, o."row", min(o.metric) as metric
from outside as o
left join agreed as a on o.export_number = a.export_number and o."row" = a."row" and o.metric = a.metric
where a."row" is null
group by o.export_number, o."row"
