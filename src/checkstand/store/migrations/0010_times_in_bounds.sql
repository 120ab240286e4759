-- Times lie between 1970 and 2999: what was accepted beyond could not be shown again, in no list that it was part of.
UPDATE discounts
SET starts_at = LEAST(GREATEST(starts_at, '1970-01-01 00:00:00+00'), '2999-12-31 23:59:59.999999+00'),
    ends_at = LEAST(GREATEST(ends_at, '1970-01-01 00:00:00+00'), '2999-12-31 23:59:59.999999+00')
WHERE starts_at NOT BETWEEN '1970-01-01 00:00:00+00' AND '2999-12-31 23:59:59.999999+00'
    OR ends_at NOT BETWEEN '1970-01-01 00:00:00+00' AND '2999-12-31 23:59:59.999999+00';

ALTER TABLE discounts
    ADD CONSTRAINT discounts_times_in_bounds CHECK (
        starts_at BETWEEN '1970-01-01 00:00:00+00' AND '2999-12-31 23:59:59.999999+00'
        AND ends_at BETWEEN '1970-01-01 00:00:00+00' AND '2999-12-31 23:59:59.999999+00'
    );
