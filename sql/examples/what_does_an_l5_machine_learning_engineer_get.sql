-- What does an L5 machine learning engineer at a T2 company get in Seattle, New York, London and Bengaluru?
-- Means: the best answer to each question. basis is direct or pooled if reports of the cell itself answer, and modelled
-- if the model does: p10 and p90 are then the range of one person's pay. p50 is with 95 % confidence from p50_low to
-- p50_high. If another cell answers, fallback names what differs and distance how far it is: 0.1 is about 10 %,
-- 0.75 or more means that nobody knows. why says all of it in a sentence.
-- Does not mean: what a certain person gets. A modelled median is what group, tier, level and market add up to.
-- Inputs: answer (a macro of the mart).
with
places (place) as (
    values ('us-seattle'), ('us-new-york'), ('gb-london'), ('in-bengaluru')
),

amounts (amount) as (
    values ('base'), ('total')
)

select
    a.asked_market,
    a.metric,
    a.basis,
    a.p10,
    a.p25,
    a.p50,
    a.p50_low,
    a.p50_high,
    a.p75,
    a.p90,
    a.n_reports,
    a.distance,
    array_to_string(a.fallback, '; ') as fallback,
    a.why
from places as p
cross join amounts as m
cross join lateral (select * from answer('ml_generalist', 'T2', 'L5', p.place, m.amount)) as a
order by a.metric asc nulls last, a.asked_market asc nulls last
