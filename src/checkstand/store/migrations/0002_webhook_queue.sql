-- The queue of deliveries is read from its heads: the oldest first try and the longest due retry of each endpoint.
CREATE INDEX deliveries_first_tries ON deliveries (organization_id, endpoint_id, sequence)
    WHERE status = 'pending' AND attempts = 0;
CREATE INDEX deliveries_retries ON deliveries (organization_id, endpoint_id, next_attempt_at, sequence)
    WHERE status = 'pending' AND attempts > 0;
-- The log is read from its end.
CREATE INDEX delivery_attempts_newest ON delivery_attempts (organization_id, created_at DESC, id);
