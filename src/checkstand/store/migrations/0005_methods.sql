-- Payments that are decided later: until when the gateway will know, and what the buyer pays with meanwhile.

ALTER TABLE payment_attempts ADD COLUMN decided_by timestamptz;
ALTER TABLE payment_attempts ADD COLUMN voucher json;
CREATE INDEX payment_attempts_decided_by ON payment_attempts (organization_id, decided_by)
    WHERE status IN ('requires_action', 'processing');

-- When the test bank decides by itself, and how: no code means that the charge succeeds then.
ALTER TABLE test_gateway_charges ADD COLUMN due_at timestamptz;
ALTER TABLE test_gateway_charges ADD COLUMN due_code text;
ALTER TABLE test_gateway_charges ADD COLUMN voucher json;
