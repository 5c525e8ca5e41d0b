-- Grain: view, group_id, evidence, tier, level, market, metric of measured_changes: the 95 % interval of the
-- difference, and whether the difference can be told from noise.
-- Inputs: measured_changes, bands, former_bands.
-- Both the difference and, if it is known, that of shares have to be large: pay comes in round figures, so that a
-- median can leap from one to the next because of a few reports.
-- Benjamini and Hochberg (1995) at a false discovery rate of 5 %. All cells shown in both releases are tested: one
-- whose median is the same has not moved. The interval is rounded outwards.
with
tests as (
    select count(*) as number
    from bands as n
    inner join former_bands as f
        on
            n.view = f.view
            and n.group_id = f.group_id
            and n.evidence = f.evidence
            and n.tier = f.tier
            and n.level = f.level
            and n.market = f.market
            and n.metric = f.metric
    where n.basis <> 'suppressed' and f.basis <> 'suppressed'
),

tested as (
    select
        *,
        two_sided_p(
            normal_of_t(least(abs(difference / error), coalesce(abs(share_deviate), 'infinity')), df)
        ) as p,
        error * t_quantile(1.959963984540054, df) as half
    from measured_changes
    where difference is not null and df is not null and error > 0
),

ranked as (
    select *, rank() over (order by p desc nulls last) as from_largest, count(*) over () as of_tested
    from tested
),

limits as (
    select coalesce(max(r.p), -1) as largest_p
    from ranked as r
    cross join tests as t
    where r.p <= 0.05 * (r.of_tested - r.from_largest + 1) / t.number
)

select
    r.view,
    r.group_id,
    r.evidence,
    r.tier,
    r.level,
    r.market,
    r.metric,
    cast(floor((r.difference - r.half) / 100) * 100 as bigint) as difference_low,
    cast(ceil((r.difference + r.half) / 100) * 100 as bigint) as difference_high,
    r.p <= l.largest_p as distinguishable
from ranked as r
cross join limits as l
