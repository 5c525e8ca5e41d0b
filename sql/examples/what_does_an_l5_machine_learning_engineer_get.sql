-- What does an L5 machine learning engineer at a T2 company get in Seattle, New York, London and Bengaluru?
-- Means: the best answer to each question. basis is direct or pooled if reports of the cell itself answer, and modelled
-- if the model does: p10 and p90 are then the range of one person's pay. p50 is with 95 % confidence from p50_low to
-- p50_high. If another cell answers, fallback names what differs and distance how far it is: 0.1 is about 10 %,
-- 0.75 or more means that nobody knows. why says all of it in a sentence.
-- Does not mean: what a certain person gets. A modelled median is what group, tier, level and market add up to.
-- Inputs: answer (a macro of the mart).
select
    asked_market,
    metric,
    basis,
    p10,
    p25,
    p50,
    p50_low,
    p50_high,
    p75,
    p90,
    n_reports,
    distance,
    array_to_string(fallback, '; ') as fallback,
    why
from (
    select * from answer('ml_generalist', 'T2', 'L5', 'us-seattle', 'base')
    union all by name
    select * from answer('ml_generalist', 'T2', 'L5', 'us-new-york', 'base')
    union all by name
    select * from answer('ml_generalist', 'T2', 'L5', 'gb-london', 'base')
    union all by name
    select * from answer('ml_generalist', 'T2', 'L5', 'in-bengaluru', 'base')
    union all by name
    select * from answer('ml_generalist', 'T2', 'L5', 'us-seattle', 'total')
    union all by name
    select * from answer('ml_generalist', 'T2', 'L5', 'us-new-york', 'total')
    union all by name
    select * from answer('ml_generalist', 'T2', 'L5', 'gb-london', 'total')
    union all by name
    select * from answer('ml_generalist', 'T2', 'L5', 'in-bengaluru', 'total')
) as answers
order by metric asc nulls last, asked_market asc nulls last
