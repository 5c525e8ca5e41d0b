-- What does an LLM serving engineer at L5 of a big tech company in the US cost: stacked factors, and the band?
-- Means: stacked is the modelled median: the USD of the baseline times one multiplier per factor. If the cell is shown,
-- half of such people earn from p25 to p75. Budget from the band if there is one, and from stacked if there is none, as
-- in most metros. gap is stacked over p50, less 1: how well the factors fit this cell.
-- Does not mean: a quote. Stacking assumes that a tier pays the same factor at every level and place. It has no
-- interval as a whole, since the intervals of factors do not multiply. Null if a factor has too few employers.
-- Inputs: multipliers, bands.
with
asked (specialisation, tier, level, market) as (
    values ('llm_serving', 'T2', 'L5', 'US')
),

factors as (
    select m.metric, m.factor, m.usd, m.multiplier
    from multipliers as m
    inner join asked as a
        on (m.factor, m.value) in (
            ('specialisation', a.specialisation), ('tier', a.tier), ('level', a.level), ('market', a.market)
        )
        or m.factor = 'baseline'
),

stacks as (
    select
        metric,
        max(usd) filter (where factor = 'baseline') as baseline_usd,
        case when count(multiplier) = 5 then product(multiplier) end as multiplier -- the baseline's is 1
    from factors
    group by metric
),

rounded as (
    select metric, cast(500 * round(baseline_usd * multiplier / 500) as bigint) as stacked
    from stacks
)

select
    s.metric,
    s.stacked,
    b.p25,
    b.p50,
    b.p50_low,
    b.p50_high,
    b.p75,
    b.n_reports,
    b.basis,
    round(s.stacked / b.p50 - 1, 4) as gap
from rounded as s
cross join asked as a
left join bands as b
    on
        b.view = 'leaf'
        and a.specialisation = b.group_id
        and b.evidence = 'reported'
        and a.tier = b.tier
        and a.level = b.level
        and a.market = b.market
        and s.metric = b.metric
order by s.metric
