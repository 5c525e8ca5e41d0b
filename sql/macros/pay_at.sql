-- Grain: one row: the pay at a percentile in the best answer to a question, or no row if no view has the group.
-- Inputs: answer, estimate.
-- Parameters: "group", tier, level, market, metric, percentile (10 to 90), view, evidence.
-- Interpolated linearly in log pay between shown percentiles. If the answer shows none as far out, the range of one
-- person's pay in the model answers, if it knows the cell asked for: basis says which. usd is null beyond both.
with
asked as (
    select cast(percentile as double) as asked_percentile
),

answered as (
    select * from answer("group", tier, level, market, metric, view := view, evidence := evidence)
),

of_model as (
    select * from estimate("group", tier, level, market, metric, view := view)
),

points as (
    select
        1 as choice,
        a.basis,
        unnest([10, 25, 50, 75, 90]) as place,
        unnest([a.p10, a.p25, a.p50, a.p75, a.p90]) as pay
    from answered as a
    union all
    select
        2 as choice,
        e.basis,
        unnest([10, 25, 50, 75, 90]) as place,
        unnest([e.person_p10, e.person_p25, e.p50, e.person_p75, e.person_p90]) as pay
    from of_model as e
    inner join answered as a on e.evidence = a.evidence
),

segments as (
    select
        p.choice,
        p.basis,
        p.place,
        cast(p.pay as double) as pay,
        lead(p.place) over (partition by p.choice order by p.place asc nulls last) as next_place,
        cast(lead(p.pay) over (partition by p.choice order by p.place asc nulls last) as double) as next_pay
    from points as p
    where p.pay is not null
),

found as (
    select
        s.basis,
        case
            when q.asked_percentile = s.place then s.pay
            when s.pay > 0
                then s.pay * pow(s.next_pay / s.pay, (q.asked_percentile - s.place) / (s.next_place - s.place))
            else s.pay + (s.next_pay - s.pay) * (q.asked_percentile - s.place) / (s.next_place - s.place)
        end as pay
    from segments as s
    cross join asked as q
    where q.asked_percentile = s.place or (s.place < q.asked_percentile and q.asked_percentile < s.next_place)
    order by s.choice asc nulls last
    limit 1
)

select
    q.asked_percentile as percentile,
    cast(round(f.pay / 100) * 100 as bigint) as usd,
    f.basis,
    case
        when f.pay is not null then a.why
        when a.p50 is null then a.why
        else 'the answer shows no percentile as far out, and the model does not identify the cell'
    end as why,
    a.distance,
    a.fallback,
    a.view,
    a.group_id,
    a.tier,
    a.level,
    a.market,
    a.metric,
    a.evidence
from answered as a
cross join asked as q
left join found as f on true
order by a.asked_view asc nulls last, a.asked_group_id asc nulls last
