-- The foundation: tenants, catalogue, customers, checkouts, money, facts and deliveries.
-- Every table of a tenant has the primary key (organization_id, id); every foreign key carries organization_id.
-- Amounts are bigint minor units. Documents are json (not jsonb): nobody queries inside them.

CREATE TABLE organizations (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{1,64}$'),
    name text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('test', 'live')),
    settings json NOT NULL,
    clock_offset_us bigint NOT NULL DEFAULT 0,
    last_order_number bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    CHECK (mode = 'test' OR clock_offset_us = 0)
);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE memberships (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    user_id uuid NOT NULL REFERENCES users (id),
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'support', 'finance', 'read_only')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_user ON memberships (user_id);

CREATE TABLE user_sessions (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    csrf_token text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE TABLE access_tokens (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    name text NOT NULL,
    dialect text NOT NULL CHECK (dialect IN ('polar', 'dodo')),
    token_hash bytea NOT NULL,
    hint text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    last_used_ip text,
    revoked_at timestamptz,
    PRIMARY KEY (organization_id, id)
);
-- The one look-up by secret: the token says which organization it opens.
CREATE INDEX access_tokens_hash ON access_tokens (token_hash);

CREATE TABLE products (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    visibility text NOT NULL CHECK (visibility IN ('draft', 'private', 'public')),
    recurring_interval text CHECK (recurring_interval IN ('day', 'week', 'month', 'year')),
    recurring_count integer CHECK (recurring_count > 0),
    term_interval text CHECK (term_interval IN ('day', 'week', 'month', 'year')),
    term_count integer CHECK (term_count > 0),
    trial_interval text CHECK (trial_interval IN ('day', 'week', 'month', 'year')),
    trial_count integer CHECK (trial_count >= 0),
    tax_category text NOT NULL,
    is_archived boolean NOT NULL DEFAULT false,
    metadata json NOT NULL,
    extras json NOT NULL,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    PRIMARY KEY (organization_id, id),
    CHECK ((recurring_interval IS NULL) = (recurring_count IS NULL)),
    CHECK ((trial_interval IS NULL) = (trial_count IS NULL))
);
CREATE INDEX products_newest ON products (organization_id, created_at DESC, id);

CREATE TABLE prices (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('fixed', 'custom')),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint CHECK (amount_minor >= 0),
    minimum_minor bigint CHECK (minimum_minor >= 0),
    maximum_minor bigint CHECK (maximum_minor >= 1),
    preset_minor bigint CHECK (preset_minor >= 0),
    discount_percent integer NOT NULL DEFAULT 0 CHECK (discount_percent BETWEEN 0 AND 100),
    tax_behavior text CHECK (tax_behavior IN ('location', 'inclusive', 'exclusive')),
    is_archived boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, product_id) REFERENCES products (organization_id, id),
    CHECK ((kind = 'fixed') = (amount_minor IS NOT NULL)),
    CHECK ((kind = 'custom') = (minimum_minor IS NOT NULL))
);
CREATE INDEX prices_product ON prices (organization_id, product_id, position);

CREATE TABLE customers (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    external_id text,
    email text NOT NULL,
    name text,
    billing_name text,
    billing_address json,
    tax_id text,
    phone text,
    locale text,
    metadata json NOT NULL,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX customers_email ON customers (organization_id, lower(email)) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX customers_external_id ON customers (organization_id, external_id) WHERE deleted_at IS NULL;
CREATE INDEX customers_newest ON customers (organization_id, created_at DESC, id);

CREATE TABLE discounts (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    name text NOT NULL,
    code text,
    basis_points integer CHECK (basis_points BETWEEN 1 AND 10000),
    amounts json,
    duration text NOT NULL CHECK (duration IN ('once', 'forever', 'repeating')),
    duration_months integer CHECK (duration_months BETWEEN 1 AND 999),
    starts_at timestamptz,
    ends_at timestamptz,
    max_redemptions integer CHECK (max_redemptions >= 1),
    redemptions_count integer NOT NULL DEFAULT 0 CHECK (redemptions_count >= 0),
    product_ids uuid[] NOT NULL DEFAULT '{}',
    metadata json NOT NULL,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id),
    CHECK ((basis_points IS NULL) <> (amounts IS NULL)),
    CHECK (max_redemptions IS NULL OR redemptions_count <= max_redemptions)
);
CREATE UNIQUE INDEX discounts_code ON discounts (organization_id, upper(code)) WHERE deleted_at IS NULL;

CREATE TABLE checkouts (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    dialect text NOT NULL CHECK (dialect IN ('polar', 'dodo')),
    status text NOT NULL CHECK (status IN ('open', 'expired', 'confirmed', 'succeeded', 'failed')),
    client_secret text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    customer_id uuid,
    customer_email text,
    product_id uuid NOT NULL,
    order_id uuid,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    document json NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, product_id) REFERENCES products (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    CHECK (status NOT IN ('confirmed', 'succeeded') OR order_id IS NOT NULL)
);
-- Look-ups by secret: a page address names no organization.
CREATE INDEX checkouts_secret ON checkouts (client_secret);
CREATE INDEX checkouts_id ON checkouts (id);
CREATE INDEX checkouts_newest ON checkouts (organization_id, created_at DESC, id);
CREATE INDEX checkouts_due ON checkouts (organization_id, expires_at) WHERE status = 'open';
CREATE INDEX checkouts_order ON checkouts (organization_id, order_id) WHERE order_id IS NOT NULL;

CREATE TABLE redemptions (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    discount_id uuid NOT NULL,
    checkout_id uuid NOT NULL,
    customer_id uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, checkout_id, discount_id),
    FOREIGN KEY (organization_id, discount_id) REFERENCES discounts (organization_id, id),
    FOREIGN KEY (organization_id, checkout_id) REFERENCES checkouts (organization_id, id)
);

CREATE TABLE payment_attempts (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    checkout_id uuid NOT NULL,
    order_id uuid NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('payment', 'setup')),
    status text NOT NULL
        CHECK (status IN ('started', 'requires_action', 'processing', 'succeeded', 'declined', 'canceled')),
    gateway text NOT NULL,
    gateway_key uuid NOT NULL,
    gateway_reference text,
    confirmation_token text,
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    instrument json,
    action_url text,
    decline_code text,
    decline_message text,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, gateway_key),
    FOREIGN KEY (organization_id, checkout_id) REFERENCES checkouts (organization_id, id)
);
CREATE INDEX payment_attempts_checkout ON payment_attempts (organization_id, checkout_id, created_at);
CREATE INDEX payment_attempts_reference ON payment_attempts (gateway_reference);
CREATE INDEX payment_attempts_undecided ON payment_attempts (created_at) WHERE status = 'started';
-- At most one try of a checkout is undecided or paid at any time: nothing is charged twice.
CREATE UNIQUE INDEX payment_attempts_one_live ON payment_attempts (organization_id, checkout_id)
    WHERE status IN ('started', 'requires_action', 'processing', 'succeeded');

CREATE TABLE orders (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    checkout_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    product_id uuid NOT NULL,
    discount_id uuid,
    status text NOT NULL CHECK (status IN ('pending', 'paid', 'refunded', 'partially_refunded', 'void')),
    billing_reason text NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    subtotal_minor bigint NOT NULL CHECK (subtotal_minor >= 0),
    discount_minor bigint NOT NULL CHECK (discount_minor >= 0),
    net_minor bigint NOT NULL CHECK (net_minor >= 0),
    tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
    total_minor bigint NOT NULL CHECK (total_minor = net_minor + tax_minor),
    billing_name text,
    billing_address json,
    metadata json NOT NULL,
    custom_field_data json NOT NULL,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, checkout_id),
    UNIQUE (organization_id, number),
    FOREIGN KEY (organization_id, checkout_id) REFERENCES checkouts (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    FOREIGN KEY (organization_id, product_id) REFERENCES products (organization_id, id)
);
CREATE INDEX orders_newest ON orders (organization_id, created_at DESC, id);
CREATE INDEX orders_customer ON orders (organization_id, customer_id);

CREATE TABLE order_items (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    position integer NOT NULL,
    product_id uuid NOT NULL,
    price_id uuid NOT NULL,
    label text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    discount_minor bigint NOT NULL CHECK (discount_minor >= 0),
    tax_minor bigint NOT NULL CHECK (tax_minor >= 0),
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, order_id, position),
    FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id)
);

CREATE TABLE ledger_entries (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    transaction_id uuid NOT NULL,
    order_id uuid NOT NULL,
    account text NOT NULL CHECK (account IN ('gateway', 'revenue', 'tax')),
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, transaction_id, account),
    FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id)
);

-- What happened. A fact stays even when nobody listens: timelines are made from it.
CREATE TABLE facts (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    type text NOT NULL,
    subject_id uuid NOT NULL,
    checkout_id uuid,
    occurred_at timestamptz NOT NULL,
    detail text,
    snapshot json,
    is_pending boolean NOT NULL DEFAULT true,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX facts_pending ON facts (sequence) WHERE is_pending;
CREATE INDEX facts_checkout ON facts (organization_id, checkout_id, sequence);

CREATE TABLE webhook_endpoints (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    dialect text NOT NULL CHECK (dialect IN ('polar', 'dodo')),
    url text NOT NULL,
    name text,
    description text,
    secret text NOT NULL,
    events text[] NOT NULL,
    format text NOT NULL CHECK (format IN ('raw', 'discord', 'slack')),
    enabled boolean NOT NULL DEFAULT true,
    api_version text NOT NULL,
    headers json NOT NULL,
    metadata json NOT NULL,
    rate_limit integer CHECK (rate_limit > 0),
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id)
);

CREATE TABLE deliveries (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    fact_id uuid NOT NULL,
    sequence bigint GENERATED ALWAYS AS IDENTITY,
    event_type text NOT NULL,
    payload text,
    status text NOT NULL CHECK (status IN ('pending', 'delivered', 'failed', 'skipped')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at timestamptz,
    leased_until timestamptz,
    last_http_code integer,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    UNIQUE (organization_id, endpoint_id, fact_id, event_type),
    FOREIGN KEY (organization_id, endpoint_id) REFERENCES webhook_endpoints (organization_id, id),
    FOREIGN KEY (organization_id, fact_id) REFERENCES facts (organization_id, id),
    CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL))
);
CREATE INDEX deliveries_due ON deliveries (organization_id, next_attempt_at) WHERE status = 'pending';
CREATE INDEX deliveries_endpoint ON deliveries (organization_id, endpoint_id, sequence);

CREATE TABLE delivery_attempts (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    succeeded boolean NOT NULL,
    http_code integer,
    response text NOT NULL,
    duration_ms integer NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, delivery_id) REFERENCES deliveries (organization_id, id)
);
CREATE INDEX delivery_attempts_delivery ON delivery_attempts (organization_id, delivery_id, created_at);

CREATE TABLE idempotency_keys (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    body bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX idempotency_keys_old ON idempotency_keys (created_at);

-- The test gateway's own books: what a bank would know. Written by the gateway alone, in its own transactions.
CREATE TABLE test_gateway_tokens (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id text NOT NULL,
    behaviour text NOT NULL,
    instrument json NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE TABLE test_gateway_charges (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    reference text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    currency text NOT NULL,
    behaviour text NOT NULL,
    instrument json NOT NULL,
    state text NOT NULL CHECK (state IN ('succeeded', 'declined', 'requires_action', 'processing')),
    decline_code text,
    return_url text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX test_gateway_charges_reference ON test_gateway_charges (reference);
