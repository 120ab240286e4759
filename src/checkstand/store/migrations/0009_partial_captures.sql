-- Payments of which a part has arrived, and when to ask a gateway that has not spoken for long.

ALTER TABLE payment_attempts ADD COLUMN captured_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE payment_attempts ADD COLUMN ask_again_at timestamptz;
UPDATE payment_attempts SET ask_again_at = coalesce(decided_by, created_at + interval '1 hour')
WHERE status IN ('requires_action', 'processing');

ALTER TABLE payment_attempts DROP CONSTRAINT payment_attempts_status_check;
ALTER TABLE payment_attempts ADD CONSTRAINT payment_attempts_status_check CHECK (
    status IN ('started', 'requires_action', 'processing', 'partially_captured', 'succeeded', 'declined', 'canceled')
);
ALTER TABLE payment_attempts ADD CONSTRAINT payment_attempts_captured_check CHECK (
    CASE WHEN status = 'partially_captured' THEN captured_minor > 0 AND captured_minor < amount_minor ELSE captured_minor = 0 END
);

-- At most one try of a checkout is undecided or paid at any time: nothing is charged twice.
DROP INDEX payment_attempts_one_live;
CREATE UNIQUE INDEX payment_attempts_one_live ON payment_attempts (organization_id, checkout_id)
    WHERE status IN ('started', 'requires_action', 'processing', 'partially_captured', 'succeeded');
DROP INDEX payment_attempts_decided_by;
CREATE INDEX payment_attempts_ask_again_at ON payment_attempts (organization_id, ask_again_at)
    WHERE status IN ('requires_action', 'processing', 'partially_captured');

ALTER TABLE test_gateway_charges ADD COLUMN captured_minor bigint NOT NULL DEFAULT 0;
