-- Invoices, receipts and credit notes: each a series of its own that counts without gaps in its organization.

-- The last numbers given. The row's lock is held until the order or refund is committed with its number, or gives both back.
ALTER TABLE organizations ADD COLUMN last_receipt_number bigint NOT NULL DEFAULT 0;
ALTER TABLE organizations ADD COLUMN last_credit_note_number bigint NOT NULL DEFAULT 0;

-- Receipts were numbered after their orders until now: a number that was told stays what it was.
ALTER TABLE orders ADD COLUMN receipt_number bigint CHECK (receipt_number > 0);
ALTER TABLE orders ADD COLUMN has_invoice boolean NOT NULL DEFAULT false;
UPDATE orders SET receipt_number = number WHERE total_minor > 0;
UPDATE organizations
SET last_receipt_number = told.last
FROM (SELECT organization_id, max(receipt_number) AS last FROM orders GROUP BY organization_id) AS told
WHERE organizations.id = told.organization_id
  AND told.last IS NOT NULL;
ALTER TABLE orders ADD CONSTRAINT orders_receipt_number UNIQUE (organization_id, receipt_number);

ALTER TABLE refunds ADD COLUMN credit_note_number bigint CHECK (credit_note_number > 0);
UPDATE refunds
SET credit_note_number = counted.number
FROM (
    SELECT
        organization_id,
        id,
        row_number() OVER (PARTITION BY organization_id ORDER BY modified_at, created_at, id) AS number
    FROM refunds
    WHERE status = 'succeeded'
) AS counted
WHERE refunds.organization_id = counted.organization_id
  AND refunds.id = counted.id;
UPDATE organizations
SET last_credit_note_number = counted.last
FROM (SELECT organization_id, max(credit_note_number) AS last FROM refunds GROUP BY organization_id) AS counted
WHERE organizations.id = counted.organization_id
  AND counted.last IS NOT NULL;
ALTER TABLE refunds ADD CONSTRAINT refunds_credit_note_number UNIQUE (organization_id, credit_note_number);

-- What was issued, as it was issued: never changed, an invoice that is made out anew is its next revision. Receipts are an
-- invoice with another heading and are not kept beside it.
CREATE TABLE documents (
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    refund_id uuid,
    kind text NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    revision integer NOT NULL CHECK (revision > 0),
    body json NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, order_id) REFERENCES orders (organization_id, id),
    FOREIGN KEY (organization_id, refund_id) REFERENCES refunds (organization_id, id),
    CHECK ((kind = 'credit_note') = (refund_id IS NOT NULL))
);
CREATE UNIQUE INDEX documents_invoices ON documents (organization_id, order_id, revision) WHERE kind = 'invoice';
CREATE UNIQUE INDEX documents_credit_notes ON documents (organization_id, refund_id) WHERE kind = 'credit_note';

-- Dodo gives invoices to whoever knows the id of a payment or refund, without saying whose it is.
CREATE INDEX orders_by_id ON orders (id);
CREATE INDEX refunds_by_id ON refunds (id);
