-- Saved payment methods: what a customer may pay with again. Never a number: what may be shown, and the gateway's name for it.

CREATE TABLE payment_methods (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    gateway text NOT NULL,
    gateway_method text NOT NULL,
    gateway_customer text NOT NULL,
    instrument json NOT NULL,
    fingerprint text,
    is_recurring boolean NOT NULL,
    is_offered boolean NOT NULL,
    refused_code text,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    last_used_at timestamptz,
    removed_at timestamptz,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id)
);
CREATE INDEX payment_methods_customer ON payment_methods (organization_id, customer_id) WHERE removed_at IS NULL;
-- The same card again is the same row.
CREATE UNIQUE INDEX payment_methods_same ON payment_methods (organization_id, customer_id, gateway, fingerprint)
    WHERE removed_at IS NULL AND fingerprint IS NOT NULL;

-- Who a customer is at the gateway. The owner is a customer, or the session of a buyer who is none yet.
CREATE TABLE gateway_customers (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    owner_id uuid NOT NULL,
    gateway text NOT NULL,
    key uuid NOT NULL,
    reference text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, owner_id, gateway)
);

-- What the gateway shall forget, as soon as nothing undecided uses it.
CREATE TABLE gateway_methods_to_forget (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    gateway text NOT NULL,
    gateway_method text NOT NULL,
    created_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    try_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, gateway, gateway_method)
);

-- What an attempt keeps, or which saved method it pays with. All parameters of a charge are stored before the gateway hears of it.
ALTER TABLE payment_attempts ADD COLUMN saves text CHECK (saves IN ('again', 'next_time'));
ALTER TABLE payment_attempts ADD COLUMN method_id uuid;
ALTER TABLE payment_attempts ADD COLUMN gateway_method text;
ALTER TABLE payment_attempts ADD COLUMN gateway_customer text;

-- The test bank's own books. A method is as good as the charge that it was saved with.
CREATE TABLE test_gateway_methods (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id text NOT NULL,
    charge_id uuid NOT NULL,
    customer text NOT NULL,
    behaviour text NOT NULL,
    instrument json NOT NULL,
    created_at timestamptz NOT NULL,
    forgotten_at timestamptz,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, charge_id),
    FOREIGN KEY (organization_id, charge_id) REFERENCES test_gateway_charges (organization_id, id)
);
