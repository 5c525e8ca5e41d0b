-- What do LLM serving engineers earn in the US, level by level, and how precise is each figure?
-- Means: half of such people earn from P25 to P75. With 95 % confidence the true median is from p50_low to p50_high;
-- p50_precision is a word for how narrow that is. basis separates direct figures from pooled ones.
-- Does not mean: what one employer pays. Null is suppressed (see suppression_reason) or without bounds, never zero. The
-- interval covers chance, not who chose to report. Base and total can be of different people: see n_reports.
-- Inputs: bands.
select
    metric,
    level,
    n_reports,
    n_employers,
    basis,
    suppression_reason,
    p25,
    p50,
    p50_low,
    p50_high,
    p50_precision,
    p75
from bands
where
    view = 'leaf'
    and group_id = 'llm_serving'
    and evidence = 'reported'
    and tier = 'all'
    and level in ('L3', 'L4', 'L5', 'L6', 'L7')
    and market = 'US'
    and metric in ('base', 'total')
order by metric, level
