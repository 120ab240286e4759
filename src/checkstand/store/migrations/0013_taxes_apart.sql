-- The taxes of an item one by one (GST and QST), and of a refund of it; and what of the price's own currency a refund gave back.

ALTER TABLE order_items ADD COLUMN taxes json NOT NULL DEFAULT '[]';
-- Until now all taxes of a line were kept as one: so its session says it.
UPDATE order_items
SET taxes = said.taxes
FROM (
    SELECT
        checkouts.organization_id,
        checkouts.order_id,
        row_number() OVER (PARTITION BY checkouts.organization_id, checkouts.id ORDER BY line.place) - 1 AS position,
        json_build_array(json_build_object(
            'name', coalesce(line.said ->> 'tax_name', ''),
            'rate_ppm', (line.said ->> 'tax_rate_ppm')::bigint,
            'amount_minor', (line.said ->> 'tax_minor')::bigint
        )) AS taxes
    FROM checkouts
    CROSS JOIN LATERAL json_array_elements(checkouts.document -> 'quote' -> 'lines') WITH ORDINALITY AS line (said, place)
    WHERE checkouts.order_id IS NOT NULL
      AND (line.said ->> 'quantity')::bigint > 0
) AS said
WHERE order_items.organization_id = said.organization_id
  AND order_items.order_id = said.order_id
  AND order_items.position = said.position
  AND order_items.tax_minor > 0;

ALTER TABLE refund_items ADD COLUMN taxes json NOT NULL DEFAULT '[]';
ALTER TABLE refund_items ADD COLUMN settled_net_minor bigint CHECK (settled_net_minor >= 0);
ALTER TABLE refund_items ADD COLUMN settled_tax_minor bigint CHECK (settled_tax_minor >= 0);
