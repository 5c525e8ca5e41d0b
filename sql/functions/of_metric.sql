-- The number of a cell or an atom, from the number of its place or profile and the number of its metric.
create macro of_metric(place, metric_number) as place * 100 + metric_number
