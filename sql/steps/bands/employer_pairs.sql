-- Grain: one row per cell that may be shown and percentile: what pairs of reports of one employer add to the sum of
-- squared weights, as observed in the cell.
-- Inputs: metric_reports, cells, disclosed_cells, percentiles.
-- The score of a report is its weight times (1 if its pay is at most the percentile, else 0, less p). Squared totals by
-- employer less squared scores (Woodruff 1952, ultimate clusters), in integers with p in hundredths; effective_sizes
-- divides by p (1 - p).
with
points as (
    select
        p.cell,
        max(case when p.percentile = 10 then p.pay end) as p10,
        max(case when p.percentile = 25 then p.pay end) as p25,
        max(case when p.percentile = 50 then p.pay end) as p50,
        max(case when p.percentile = 75 then p.pay end) as p75,
        max(case when p.percentile = 90 then p.pay end) as p90
    from percentiles as p
    inner join disclosed_cells as d on p.cell = d.cell
    where d.suppression_reason is null and d.clustered > 0
    group by p.cell
),

employers as (
    select
        c.cell,
        m.employer,
        sum(m.weight) as weight,
        sum(m.weight * m.weight) as squared,
        sum(case when m.pay <= q.p10 then m.weight else 0 end) as below_p10,
        sum(case when m.pay <= q.p25 then m.weight else 0 end) as below_p25,
        sum(case when m.pay <= q.p50 then m.weight else 0 end) as below_p50,
        sum(case when m.pay <= q.p75 then m.weight else 0 end) as below_p75,
        sum(case when m.pay <= q.p90 then m.weight else 0 end) as below_p90,
        sum(case when m.pay <= q.p10 then m.weight * m.weight else 0 end) as squared_p10,
        sum(case when m.pay <= q.p25 then m.weight * m.weight else 0 end) as squared_p25,
        sum(case when m.pay <= q.p50 then m.weight * m.weight else 0 end) as squared_p50,
        sum(case when m.pay <= q.p75 then m.weight * m.weight else 0 end) as squared_p75,
        sum(case when m.pay <= q.p90 then m.weight * m.weight else 0 end) as squared_p90
    from metric_reports as m
    inner join cells as c on m.atom = c.atom
    inner join points as q on c.cell = q.cell
    where m.is_clustered
    group by c.cell, m.employer
    having count(*) >= 2
),

long as (
    select cell, 10 as percentile, weight, squared, below_p10 as below, squared_p10 as squared_below from employers
    union all
    select cell, 25 as percentile, weight, squared, below_p25 as below, squared_p25 as squared_below from employers
    union all
    select cell, 50 as percentile, weight, squared, below_p50 as below, squared_p50 as squared_below from employers
    union all
    select cell, 75 as percentile, weight, squared, below_p75 as below, squared_p75 as squared_below from employers
    union all
    select cell, 90 as percentile, weight, squared, below_p90 as below, squared_p90 as squared_below from employers
)

select
    cell,
    percentile,
    cast(
        sum(
            (100 * below - percentile * weight) * (100 * below - percentile * weight)
            - (100 - percentile) * (100 - percentile) * squared_below
            - percentile * percentile * (squared - squared_below)
        ) as hugeint
    ) as seen
from long
group by cell, percentile
