-- Where does pay of LLM serving engineers stand in the US, level by level, and how sure is each figure?
-- Means: half of such people earn between P25 and P75; the true median lies from p50_low to p50_high with 95 %
-- confidence, and p50_precision says in a word how narrow that is. basis tells direct figures from pooled ones.
-- Does not mean: what one employer pays. Null is withheld (suppression_reason) or not bounded, never zero, and the
-- interval allows for chance, not for who chose to report. Base and total can rest on other people: see n_reports.
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
