-- Where do ten people stand: what is the compa-ratio of each, against which cell, and how sure is that?
-- Means: compa_ratio is base pay over the median of the best answer for the person's group, tier, level and market:
-- reports of that very cell, else what the model says of it, else the nearest shown cell. basis and why say which;
-- answered_by names the cell. From compa_low to compa_high is what the median's 95 % interval allows. position is where
-- pay is in the middle half: of the cell, or of one person's pay if basis is modelled. From a distance of 0.75 on
-- nobody knows how much the answering cell differs; such a compa-ratio is no ground for a decision.
-- Does not mean: that someone is paid unfairly: one person has reasons that a cell does not know. Replace the list by
-- read_csv('people.csv') with the same columns.
-- Inputs: answer (a macro of the mart).
with
people (person, group_id, tier, level, market, base) as (
    values
    ('a', 'ml_generalist', 'T4', 'L3', 'US', 128000),
    ('b', 'ml_generalist', 'T4', 'L4', 'us-sf-bay', 171000),
    ('c', 'ml_generalist', 'T4', 'L5', 'us-sf-bay', 214000),
    ('d', 'ml_generalist', 'T4', 'L5', 'us-new-york', 195000),
    ('e', 'data_science', 'T4', 'L4', 'us-seattle', 149000),
    ('f', 'data_science', 'T5', 'L5', 'US', 158000),
    ('g', 'llm_serving', 'T2', 'L5', 'us-seattle', 236000),
    ('h', 'computer_vision', 'T4', 'L4', 'us-boston', 162000),
    ('i', 'ml_research', 'T1', 'L6', 'us-sf-bay', 340000),
    ('j', 'ml_generalist', 'T4', 'L5', 'gb-london', 130000)
),

answers as (
    select
        p.person,
        p.base,
        a.group_id || ' ' || a.tier || ' ' || a.level || ' ' || a.market as answered_by,
        a.basis,
        a.p25,
        a.p50,
        a.p50_low,
        a.p50_high,
        a.p75,
        a.n_reports,
        a.distance,
        a.why
    from people as p
    cross join lateral (select * from answer(p.group_id, p.tier, p.level, p.market, 'base')) as a
)

select
    person,
    base,
    answered_by,
    basis,
    round(base / p50, 2) as compa_ratio,
    round(base / p50_high, 2) as compa_low,
    round(base / p50_low, 2) as compa_high,
    case
        when base < p25 then 'below P25'
        when base < p50 then 'P25 to P50'
        when base <= p75 then 'P50 to P75'
        when base > p75 then 'above P75'
    end as position,
    n_reports,
    distance,
    why
from answers
order by person asc nulls last
