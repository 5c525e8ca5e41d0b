-- Where do ten people stand: what is the compa-ratio of each, against which cell, and how sure is that?
-- Means: compa_ratio is base pay over the median of the first shown cell of: the one asked for, the same of the
-- country, the same over all tiers, and both; answered_by names it. From compa_low to compa_high is what the median's
-- 95 % interval allows. position is where pay stands in that cell's middle half.
-- Does not mean: that someone is paid unfairly: one person has reasons that a cell does not know. Replace the list by
-- read_csv('people.csv') with the same columns. Whose row has no answer has no shown cell near.
-- Inputs: bands.
with
people (person, group_id, tier, level, market, country, base) as (
    values
    ('a', 'ml_generalist', 'T4', 'L3', 'US', 'US', 128000),
    ('b', 'ml_generalist', 'T4', 'L4', 'us-sf-bay', 'US', 171000),
    ('c', 'ml_generalist', 'T4', 'L5', 'us-sf-bay', 'US', 214000),
    ('d', 'ml_generalist', 'T4', 'L5', 'us-new-york', 'US', 195000),
    ('e', 'data_science', 'T4', 'L4', 'us-seattle', 'US', 149000),
    ('f', 'data_science', 'T5', 'L5', 'US', 'US', 158000),
    ('g', 'llm_serving', 'T2', 'L5', 'us-seattle', 'US', 236000),
    ('h', 'computer_vision', 'T4', 'L4', 'us-boston', 'US', 162000),
    ('i', 'ml_research', 'T1', 'L6', 'us-sf-bay', 'US', 340000),
    ('j', 'ml_generalist', 'T4', 'L5', 'gb-london', 'GB', 130000)
),

steps (step, whole_country, all_tiers) as (
    values (1, false, false), (2, true, false), (3, false, true), (4, true, true)
),

answers as (
    select
        p.person,
        b.tier || ' ' || b.level || ' ' || b.market as answered_by,
        b.p25,
        b.p50,
        b.p50_low,
        b.p50_high,
        b.p75,
        b.n_reports,
        b.basis
    from people as p
    cross join steps as s
    inner join bands as b
        on
            b.view = 'leaf'
            and p.group_id = b.group_id
            and b.evidence = 'reported'
            and b.metric = 'base'
            and p.level = b.level
            and case when s.all_tiers then 'all' else p.tier end = b.tier
            and case when s.whole_country then p.country else p.market end = b.market
    where b.basis <> 'suppressed'
    qualify row_number() over (partition by p.person order by s.step asc nulls last) = 1
)

select
    p.person,
    p.base,
    a.answered_by,
    round(p.base / a.p50, 2) as compa_ratio,
    round(p.base / a.p50_high, 2) as compa_low,
    round(p.base / a.p50_low, 2) as compa_high,
    case
        when p.base < a.p25 then 'below P25'
        when p.base < a.p50 then 'P25 to P50'
        when p.base <= a.p75 then 'P50 to P75'
        when p.base > a.p75 then 'above P75'
    end as position,
    a.n_reports,
    a.basis
from people as p
left join answers as a on p.person = a.person
order by p.person asc nulls last
