-- Where the buyer comes back to is a parameter of the charge: asked again under the same key, a gateway wants the same parameters.
ALTER TABLE payment_attempts ADD COLUMN return_url text;

-- What the gateway kept for taking the payment, in the currency that it settles in; nothing while it has not said so, and then
-- the moment at which it is asked.
ALTER TABLE payment_attempts ADD COLUMN fee_minor bigint CHECK (fee_minor >= 0);
ALTER TABLE payment_attempts ADD COLUMN fee_currency text CHECK (fee_currency ~ '^[A-Z]{3}$');
ALTER TABLE payment_attempts ADD COLUMN ask_fee_at timestamptz;
CREATE INDEX payment_attempts_ask_fee ON payment_attempts (organization_id, ask_fee_at) WHERE ask_fee_at IS NOT NULL;

-- A gateway's own name of a dispute: whatever is told of it, and however often, it is one dispute here. A payment may be disputed in
-- parts, which are told apart by it; without one, a payment still has one open dispute.
ALTER TABLE disputes ADD COLUMN gateway_reference text;
CREATE UNIQUE INDEX disputes_reference ON disputes (organization_id, gateway_reference) WHERE gateway_reference IS NOT NULL;
DROP INDEX disputes_one_open;
CREATE UNIQUE INDEX disputes_one_open ON disputes (organization_id, order_id)
    WHERE status IN ('opened', 'challenged') AND gateway_reference IS NULL;
