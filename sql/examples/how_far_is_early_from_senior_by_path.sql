-- How far is early-career pay (L3, L4) from senior pay (L5 and up) on each career path in the US?
-- Means: gap is the senior median over the early one, less 1. gap_low and gap_high compare opposite ends of the two
-- intervals, so they contain the true gap whenever both intervals contain their medians: a cautious range.
-- Does not mean: what one person gains by waiting, since these are different people, at different employers, in one
-- year. Null if either side is suppressed. senior includes staff and principal, in whatever shares they report.
-- Inputs: bands.
with
paths as (
    select * from bands
    where
        view = 'career_paths'
        and evidence = 'reported'
        and tier = 'all'
        and market = 'US'
        and metric in ('base', 'total')
)

select
    e.group_id,
    e.group_label,
    e.metric,
    e.n_reports as early_n,
    e.p50 as early_p50,
    s.n_reports as senior_n,
    s.p50 as senior_p50,
    round(s.p50 / e.p50 - 1, 4) as gap,
    round(s.p50_low / e.p50_high - 1, 4) as gap_low,
    round(s.p50_high / e.p50_low - 1, 4) as gap_high
from paths as e
inner join paths as s on e.group_id = s.group_id and e.metric = s.metric
where e.level = 'early' and s.level = 'senior'
order by e.group_id, e.metric
