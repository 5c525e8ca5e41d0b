-- Grain: one row: the best answer to a question, or no row if no view has the group.
-- Inputs: group_parents, band, estimate, answering_band, cards.
-- Parameters: "group", tier, level, market, metric, view, evidence.
-- The cell itself if it is shown, direct or pooled; else what the model says of it, if people's pay is asked for; else
-- the nearest shown cell, but what the model says of the country of a metro if that cell is further than 0.75.
-- The columns are those of `bands`, of the cell that answers. basis is `modelled` if the model answers: p10, p25, p75
-- and p90 are then the range of one person's pay, and n_effective is n_near. It is null if nothing answers.
-- fallback names what differs from the cell asked for, distance says how far it is, why says it in a sentence;
-- modelled_p50 is what the model says of the cell asked for.
with
asked as (
    select
        tier as asked_tier,
        level as asked_level,
        market as asked_market,
        evidence as asked_evidence
),

family as (
    select * from group_parents("group", view := view)
),

own as (
    select * from band("group", tier, level, market, metric, view := view, evidence := evidence)
),

answering as (
    select * from answering_band("group", tier, level, market, metric, view := view, evidence := evidence)
),

estimated as (
    select * from estimate("group", tier, level, market, metric, view := view)
),

-- of the country of a metro, or of the same market again
of_country as (
    select * from estimate("group", tier, level, upper(split_part(market, '-', 1)), metric, view := view)
),

modelled as (
    select e.*
    from estimated as e
    inner join asked as a on e.evidence = a.asked_evidence
),

estimates_to_use as (
    select 2 as choice, m.*
    from modelled as m
    union all
    select 3 as choice, c.*
    from of_country as c
    inner join asked as a on c.evidence = a.asked_evidence and c.market <> a.asked_market
),

candidates as (
    -- a shown cell says more than the model of a country, unless it is further away
    select case when len(b.fallback) = 0 then 1 when b.distance <= 0.75 then 2.5 else 4 end as choice, b.*
    from answering as b
    union all by name
    select
        m.choice,
        case when m.choice = 3 then 0.75 else 0.0 end as distance,
        case
            when m.choice = 3 then [concat('market ', a.asked_market, ' to ', m.market)]
        end as fallback,
        m.release,
        m.as_of,
        m.view,
        m.group_id,
        k.label as group_label,
        m.evidence,
        m.tier,
        m.level,
        m.market,
        m.metric,
        m.n_near as n_effective,
        m.basis,
        m.person_p10 as p10,
        m.person_p25 as p25,
        m.p50,
        m.p50_low,
        m.p50_high,
        case
            when m.p50_high - m.p50_low <= 0.05 * 2 * 1.96 * m.p50 then 'precise'
            when m.p50_high - m.p50_low <= 0.10 * 2 * 1.96 * m.p50 then 'reasonably_precise'
            when m.p50_high - m.p50_low <= 0.20 * 2 * 1.96 * m.p50 then 'acceptable'
            else 'unreliable'
        end as p50_precision,
        m.person_p75 as p75,
        m.person_p90 as p90,
        m.method_version
    from estimates_to_use as m
    cross join asked as a
    inner join cards as k on m.view = k.view and m.group_id = k.group_id
),

chosen as (
    select * from candidates
    order by choice asc nulls last
    limit 1
),

figures as (
    select * exclude (choice, fallback, distance) from chosen
),

-- why the cell itself is not shown
hindrances as (
    select
        f.view as asked_view,
        f.group_id as asked_group_id,
        a.asked_tier,
        a.asked_level,
        a.asked_market,
        case
            when o.suppression_reason is null then 'the cell has too few reports'
            else concat('the cell may not be shown: ', replace(o.suppression_reason, '_', ' '))
        end as hindrance
    from family as f
    cross join asked as a
    left join own as o on true
)

select
    h.asked_view,
    h.asked_group_id,
    h.asked_tier,
    h.asked_level,
    h.asked_market,
    case
        when c.choice is null then concat('no answer: ', h.hindrance, ', the model does not know it, and none is shown')
        when c.choice = 1 and c.basis = 'direct' then 'reports of this very cell'
        when c.choice = 1 then 'few reports of this very cell, drawn towards the model'
        when c.choice = 2
            then concat('what the model adds up from group, tier, level and market, since ', h.hindrance)
        when c.choice = 3
            then concat('what the model says of the country, since it does not identify the metro, and ', h.hindrance)
        when c.distance >= 0.75
            then concat('the nearest shown cell; how much it differs is not known, and ', h.hindrance)
        else
            concat(
                'the nearest shown cell, ',
                case when c.distance > 0.2 then 'which is not near: it ' else 'which ' end,
                'differs by some ',
                cast(round(100 * (exp(c.distance) - 1)) as integer),
                ' % in the model; ',
                h.hindrance
            )
    end as why,
    c.distance,
    coalesce(c.fallback, []) as fallback,
    m.p50 as modelled_p50,
    m.p50_low as modelled_p50_low,
    m.p50_high as modelled_p50_high,
    m.person_p10 as modelled_p10,
    m.person_p90 as modelled_p90,
    s.*
from hindrances as h
left join chosen as c on true
left join figures as s on true
left join modelled as m on true
order by h.asked_view asc nulls last, h.asked_group_id asc nulls last
