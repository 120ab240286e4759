-- The whole catalogue: every kind of price, add-ons, images, brands, meters, custom fields, checkout links, and discounts with all limits.

ALTER TABLE prices DROP CONSTRAINT prices_kind_check;
ALTER TABLE prices ADD CONSTRAINT prices_kind_check
    CHECK (kind IN ('fixed', 'custom', 'seat_based', 'unit_based', 'metered_unit'));
-- Tiers and rates of the kinds that are more than one number; nobody queries inside.
ALTER TABLE prices ADD COLUMN terms json;
ALTER TABLE prices ADD CONSTRAINT prices_terms_check
    CHECK ((kind IN ('seat_based', 'unit_based', 'metered_unit')) = (terms IS NOT NULL));

-- An add-on is a product that is sold only as part of another line.
ALTER TABLE products ADD COLUMN kind text NOT NULL DEFAULT 'product' CHECK (kind IN ('product', 'addon'));
ALTER TABLE products ADD COLUMN addon_ids uuid[] NOT NULL DEFAULT '{}';
ALTER TABLE products ADD COLUMN image_ids uuid[] NOT NULL DEFAULT '{}';
ALTER TABLE products ADD COLUMN brand_id uuid;

CREATE TABLE images (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    name text NOT NULL,
    content_type text NOT NULL CHECK (content_type IN ('image/png', 'image/jpeg', 'image/webp', 'image/gif')),
    width integer CHECK (width > 0),
    height integer CHECK (height > 0),
    content bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 5242880),
    checksum bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);

CREATE TABLE brands (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    name text,
    description text,
    url text,
    support_email text,
    statement_descriptor text NOT NULL,
    image_id uuid,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, image_id) REFERENCES images (organization_id, id)
);
ALTER TABLE products ADD FOREIGN KEY (organization_id, brand_id) REFERENCES brands (organization_id, id);

CREATE TABLE meters (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    name text NOT NULL,
    event_name text NOT NULL,
    measurement_unit text NOT NULL,
    description text,
    aggregation json NOT NULL,
    filter json,
    created_at timestamptz NOT NULL,
    modified_at timestamptz NOT NULL,
    archived_at timestamptz,
    PRIMARY KEY (organization_id, id)
);
CREATE INDEX meters_newest ON meters (organization_id, created_at DESC, id);

CREATE TABLE custom_fields (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('text', 'number', 'date', 'checkbox', 'select')),
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9_-]+$'),
    name text NOT NULL,
    properties json NOT NULL,
    metadata json NOT NULL,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    PRIMARY KEY (organization_id, id)
);
CREATE UNIQUE INDEX custom_fields_slug ON custom_fields (organization_id, slug);

CREATE TABLE product_fields (
    organization_id uuid NOT NULL,
    product_id uuid NOT NULL,
    field_id uuid NOT NULL,
    position integer NOT NULL,
    required boolean NOT NULL,
    PRIMARY KEY (organization_id, product_id, field_id),
    FOREIGN KEY (organization_id, product_id) REFERENCES products (organization_id, id),
    FOREIGN KEY (organization_id, field_id) REFERENCES custom_fields (organization_id, id) ON DELETE CASCADE
);

ALTER TABLE customers ALTER COLUMN email DROP NOT NULL;
ALTER TABLE customers ADD COLUMN kind text NOT NULL DEFAULT 'individual' CHECK (kind IN ('individual', 'team'));
ALTER TABLE customers ADD CONSTRAINT customers_email_check CHECK (email IS NOT NULL OR kind = 'team');
ALTER TABLE customers ADD COLUMN tax_id_format text;

CREATE TABLE members (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    email text NOT NULL,
    name text,
    external_id text,
    role text NOT NULL CHECK (role IN ('owner', 'billing_manager', 'member')),
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id)
);
CREATE UNIQUE INDEX members_email ON members (organization_id, customer_id, lower(email)) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX members_external_id ON members (organization_id, customer_id, external_id) WHERE deleted_at IS NULL;

ALTER TABLE discounts ADD COLUMN max_per_customer integer CHECK (max_per_customer >= 1);
ALTER TABLE discounts ADD COLUMN minimum_subtotals json NOT NULL DEFAULT '{}';
ALTER TABLE discounts ADD COLUMN cycles integer CHECK (cycles >= 1);
ALTER TABLE discounts ADD COLUMN eligibility text NOT NULL DEFAULT 'any'
    CHECK (eligibility IN ('any', 'first_time', 'existing', 'specific'));
ALTER TABLE discounts ADD COLUMN customer_ids uuid[] NOT NULL DEFAULT '{}';
ALTER TABLE discounts ADD COLUMN extras json NOT NULL DEFAULT '{}';
CREATE INDEX discounts_newest ON discounts (organization_id, created_at DESC, id);
-- Whose redemption it was, for limits per customer: the e-mail without alias and case, and the card that paid.
ALTER TABLE redemptions ADD COLUMN email text;
ALTER TABLE redemptions ADD COLUMN card_fingerprint text;
CREATE INDEX redemptions_discount ON redemptions (organization_id, discount_id);

CREATE TABLE checkout_links (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    client_secret text NOT NULL,
    label text,
    product_ids uuid[] NOT NULL CHECK (cardinality(product_ids) > 0),
    price_id uuid,
    discount_id uuid,
    seats integer CHECK (seats > 0),
    units bigint CHECK (units > 0),
    allow_discount_codes boolean NOT NULL,
    require_billing_address boolean NOT NULL,
    success_url text,
    return_url text,
    trial_interval text CHECK (trial_interval IN ('day', 'week', 'month', 'year')),
    trial_count integer CHECK (trial_count > 0),
    metadata json NOT NULL,
    created_at timestamptz NOT NULL,
    modified_at timestamptz,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, discount_id) REFERENCES discounts (organization_id, id),
    CHECK ((trial_interval IS NULL) = (trial_count IS NULL))
);
-- Look-up by secret: a link's address names no organization.
CREATE UNIQUE INDEX checkout_links_secret ON checkout_links (client_secret);

CREATE TABLE short_links (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id text NOT NULL,
    product_id uuid,
    target text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id)
);
-- Look-up by secret, as above.
CREATE UNIQUE INDEX short_links_id ON short_links (id);

-- A session may carry several discounts: the one it had becomes the first of a list.
UPDATE checkouts
SET document = (
    document::jsonb - 'discount'
    || jsonb_build_object(
        'discounts',
        CASE WHEN document::jsonb -> 'discount' = 'null' THEN '[]'::jsonb
             ELSE jsonb_build_array(document::jsonb -> 'discount') END
    )
)::json
WHERE document::jsonb ? 'discount';

-- Discounts, continued: the most a percentage takes off, by currency.
ALTER TABLE discounts ADD COLUMN caps json NOT NULL DEFAULT '{}';
-- A merchant may lower a limit below what was redeemed already: nobody else can redeem then, and that is all.
ALTER TABLE discounts DROP CONSTRAINT discounts_check1;
-- Who bought before, by the mailbox behind the address.
CREATE INDEX customers_mailbox ON customers (organization_id, regexp_replace(lower(email), '(.)\+[^@]*@', '\1@'));

-- Customers, continued: one owner of a customer's members at a time.
CREATE UNIQUE INDEX members_owner ON members (organization_id, customer_id) WHERE role = 'owner' AND deleted_at IS NULL;
-- Credit of a customer with the merchant: a wallet is a currency, its balance is its last entry's. Entries are only ever added.
CREATE TABLE wallet_entries (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    currency text NOT NULL,
    position bigint NOT NULL CHECK (position >= 1),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    is_credit boolean NOT NULL,
    before_minor bigint NOT NULL CHECK (before_minor >= 0),
    after_minor bigint NOT NULL CHECK (after_minor >= 0),
    event text NOT NULL,
    reason text,
    idempotency_key text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id),
    CHECK (after_minor = before_minor + CASE WHEN is_credit THEN amount_minor ELSE -amount_minor END)
);
CREATE UNIQUE INDEX wallet_entries_position ON wallet_entries (organization_id, customer_id, currency, position);
CREATE UNIQUE INDEX wallet_entries_key ON wallet_entries (organization_id, customer_id, idempotency_key);
-- Walks a whole list in the order of its making, for exports.
CREATE INDEX customers_oldest ON customers (organization_id, created_at, id) WHERE deleted_at IS NULL;
-- End of customers, continued.

-- Links, continued. Look-up by secret: a static payment link (`/buy/pdt_...`) names a product and no organization.
CREATE UNIQUE INDEX products_page_id ON products (id);
-- What merchants made, beside the many that stand for single sessions.
CREATE INDEX short_links_newest ON short_links (organization_id, created_at DESC, id) WHERE product_id IS NOT NULL;
CREATE INDEX checkout_links_oldest ON checkout_links (organization_id, created_at, id);
-- End of links, continued.

-- Files of products: what a buyer gets. Never changed; given out under signed addresses alone.
CREATE TABLE product_files (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    product_id uuid NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    content bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 26214400),
    size integer NOT NULL CHECK (size = octet_length(content)),
    checksum bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, product_id) REFERENCES products (organization_id, id)
);
CREATE INDEX product_files_product ON product_files (organization_id, product_id);
-- End of files of products.
