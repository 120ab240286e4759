-- Lists and the audit stay quick with a million rows: each way to narrow a long list has an index in the list's own order.

-- When somebody first tried to pay a session: what Dodo's list of payments is sorted by.
ALTER TABLE checkouts ADD COLUMN first_tried_at timestamptz;
UPDATE checkouts
SET first_tried_at = tried.first_at
FROM (
    SELECT organization_id, checkout_id, min(created_at) AS first_at
    FROM payment_attempts
    GROUP BY organization_id, checkout_id
) AS tried
WHERE checkouts.organization_id = tried.organization_id
  AND checkouts.id = tried.checkout_id;
CREATE INDEX checkouts_payments ON checkouts (organization_id, (coalesce(first_tried_at, created_at)) DESC, id)
    WHERE order_id IS NOT NULL;

CREATE INDEX checkouts_status ON checkouts (organization_id, status, created_at DESC, id);
CREATE INDEX checkouts_customer ON checkouts (organization_id, customer_id, created_at DESC, id)
    WHERE customer_id IS NOT NULL;
-- One e-mail address; and any part of one, which only walking along the addresses can find: without the documents beside them.
CREATE INDEX checkouts_email ON checkouts (organization_id, lower(customer_email), created_at DESC, id)
    WHERE customer_email IS NOT NULL;
CREATE INDEX checkouts_emails ON checkouts (organization_id, created_at DESC, id) INCLUDE (customer_email)
    WHERE customer_email IS NOT NULL;

CREATE INDEX payment_attempts_newest ON payment_attempts (organization_id, created_at DESC, id) WHERE gateway <> 'none';
CREATE INDEX payment_attempts_order ON payment_attempts (organization_id, order_id);
CREATE INDEX orders_status ON orders (organization_id, status, created_at DESC, id);
CREATE INDEX orders_product ON orders (organization_id, product_id, created_at DESC, id);
