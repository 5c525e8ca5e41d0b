-- Grain: one row per changed roll-up and report that waits to enter it, or expired and waits to leave it.
-- Inputs: waiting, counted_metric_reports, split_cells.
-- sign is -1 if the cell does not have a report that counts, and 1 if it has one that expired.
select
    w.cell,
    m.pay,
    m.weight,
    s.ratio,
    case when m.is_expired then 1 else -1 end as sign
from waiting as w
inner join counted_metric_reports as m on w.metric_number = m.metric_number and w.arrival = m.arrival
inner join split_cells as s on w.cell = s.cell and m.atom = s.atom
