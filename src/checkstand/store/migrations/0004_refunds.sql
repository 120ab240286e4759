-- Money that goes back: refunds, disputes, and the accounts they move.

-- What is given back or on its way. No two refunds together can take more than was paid: the row itself refuses.
ALTER TABLE orders ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN refunded_tax_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE orders ADD CONSTRAINT orders_refunded_check CHECK (
    refunded_minor BETWEEN 0 AND total_minor
    AND refunded_tax_minor BETWEEN 0 AND tax_minor
    AND refunded_minor - refunded_tax_minor BETWEEN 0 AND net_minor
);

-- An item's part of the order without tax, which its own price may or may not have contained: as its session said.
ALTER TABLE order_items ADD COLUMN net_minor bigint CHECK (net_minor >= 0);
UPDATE order_items
SET net_minor = said.net_minor
FROM (
    SELECT
        checkouts.organization_id,
        checkouts.order_id,
        row_number() OVER (PARTITION BY checkouts.organization_id, checkouts.id ORDER BY line.place) - 1 AS position,
        CASE WHEN (line.said ->> 'is_deferred')::boolean THEN 0 ELSE (line.said ->> 'net_minor')::bigint END AS net_minor
    FROM checkouts
    CROSS JOIN LATERAL json_array_elements(checkouts.document -> 'quote' -> 'lines') WITH ORDINALITY AS line (said, place)
    WHERE checkouts.order_id IS NOT NULL
      AND (line.said ->> 'quantity')::bigint > 0
) AS said
WHERE order_items.organization_id = said.organization_id
  AND order_items.order_id = said.order_id
  AND order_items.position = said.position;
UPDATE order_items SET net_minor = greatest(0, amount_minor - discount_minor) WHERE net_minor IS NULL;
ALTER TABLE order_items ALTER COLUMN net_minor SET NOT NULL;

CREATE TABLE refunds (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    checkout_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    net_minor bigint NOT NULL CHECK (net_minor >= 0),
    tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    is_partial boolean NOT NULL,
    reason text NOT NULL,
    comment text,
    revoke_benefits boolean NOT NULL DEFAULT false,
    metadata json NOT NULL,
    gateway text NOT NULL,
    gateway_key uuid NOT NULL,
    gateway_reference text,
    failure_code text,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    -- When the gateway is asked what became of it; a crash between sending and noting is found by this.
    ask_again_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, gateway_key),
    FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, attempt_id) REFERENCES payment_attempts (organization_id, id),
    CHECK (net_minor + tax_minor > 0)
);
CREATE INDEX refunds_order ON refunds (organization_id, order_id, created_at);
CREATE INDEX refunds_newest ON refunds (organization_id, created_at DESC, id);
CREATE INDEX refunds_undecided ON refunds (organization_id, ask_again_at) WHERE status = 'pending';

CREATE TABLE refund_items (
    organization_id uuid NOT NULL,
    refund_id uuid NOT NULL,
    order_item_id uuid NOT NULL,
    net_minor bigint NOT NULL CHECK (net_minor >= 0),
    tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
    PRIMARY KEY (organization_id, refund_id, order_item_id),
    FOREIGN KEY (organization_id, refund_id) REFERENCES refunds (organization_id, id),
    FOREIGN KEY (organization_id, order_item_id) REFERENCES order_items (organization_id, id)
);

CREATE TABLE disputes (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    checkout_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    attempt_id uuid NOT NULL,
    status text NOT NULL
        CHECK (status IN ('opened', 'challenged', 'accepted', 'cancelled', 'expired', 'won', 'lost')),
    stage text NOT NULL CHECK (stage IN ('pre_dispute', 'dispute', 'pre_arbitration')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    reason text,
    remarks text,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, attempt_id) REFERENCES payment_attempts (organization_id, id)
);
-- A bank takes a payment's money back once.
CREATE UNIQUE INDEX disputes_one_open ON disputes (organization_id, order_id) WHERE status IN ('opened', 'challenged');
CREATE INDEX disputes_newest ON disputes (organization_id, created_at DESC, id);

ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_account_check;
ALTER TABLE ledger_entries ADD CONSTRAINT ledger_entries_account_check
    CHECK (account IN ('gateway', 'revenue', 'tax', 'fee', 'refunds', 'disputes'));
CREATE INDEX ledger_entries_order ON ledger_entries (organization_id, order_id);

-- The test gateway's own books of what it gave back; `id` is the idempotency key that it was asked under.
CREATE TABLE test_gateway_refunds (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    charge_id uuid NOT NULL,
    reference text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed')),
    failure_code text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, charge_id) REFERENCES test_gateway_charges (organization_id, id)
);
CREATE INDEX test_gateway_refunds_charge ON test_gateway_refunds (organization_id, charge_id);
