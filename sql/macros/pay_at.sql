-- Grain: one row: the pay at a percentile in the best answer to a question, or no row if no view has the group.
-- Inputs: answer, estimate.
-- Parameters: "group", tier, level, market, metric, percentile (10 to 90), view, evidence.
-- Interpolated linearly in log pay between shown percentiles. Beyond them pay is spread as one person's is in the
-- model, if it knows the cell asked for: the last shown percentile times what the model's is of it. basis is then
-- `modelled`. usd is null beyond both.
with
asked as (
    select cast(percentile as double) as asked_percentile
),

answered as (
    select * from answer("group", tier, level, market, metric, view := view, evidence := evidence)
),

estimated as (
    select * from estimate("group", tier, level, market, metric, view := view)
),

of_model as (
    select
        unnest([10, 25, 50, 75, 90]) as place,
        unnest([e.person_p10, e.person_p25, e.p50, e.person_p75, e.person_p90]) as pay
    from estimated as e
    inner join answered as a on e.evidence = a.evidence
),

shown as (
    select
        unnest([10, 25, 50, 75, 90]) as place,
        unnest([a.p10, a.p25, a.p50, a.p75, a.p90]) as pay
    from answered as a
),

ends as (
    select min(s.place) as first_place, max(s.place) as last_place
    from shown as s
    where s.pay is not null
),

points as (
    select s.place, cast(s.pay as double) as pay, false as is_modelled
    from shown as s
    where s.pay is not null
    union all
    select m.place, m.pay * s.pay / nullif(o.pay, 0) as pay, true as is_modelled
    from of_model as m
    cross join ends as e
    inner join shown as s on s.place = case when m.place < e.first_place then e.first_place else e.last_place end
    inner join of_model as o on s.place = o.place
    where m.place < e.first_place or m.place > e.last_place
),

segments as (
    select
        p.place,
        p.pay,
        p.is_modelled,
        lead(p.place) over (order by p.place asc nulls last) as next_place,
        lead(p.pay) over (order by p.place asc nulls last) as next_pay,
        lead(p.is_modelled) over (order by p.place asc nulls last) as is_next_modelled
    from points as p
    where p.pay is not null
),

found as (
    select
        s.is_modelled or (s.is_next_modelled and q.asked_percentile > s.place) as is_modelled,
        case
            when q.asked_percentile = s.place then s.pay
            when s.pay > 0
                then s.pay * pow(s.next_pay / s.pay, (q.asked_percentile - s.place) / (s.next_place - s.place))
            else s.pay + (s.next_pay - s.pay) * (q.asked_percentile - s.place) / (s.next_place - s.place)
        end as pay
    from segments as s
    cross join asked as q
    where q.asked_percentile = s.place or (s.place < q.asked_percentile and q.asked_percentile < s.next_place)
)

select
    q.asked_percentile as percentile,
    cast(round(f.pay / 100) * 100 as bigint) as usd,
    case
        when f.is_modelled then 'modelled'
        when f.pay is not null then a.basis
    end as basis,
    case
        when f.pay is null and a.p50 is not null
            then 'the answer shows no percentile as far out, and the model does not identify the cell'
        when f.is_modelled and a.basis <> 'modelled'
            then concat(a.why, '; beyond the percentiles that it shows, spread as one person''s pay is in the model')
        else a.why
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
