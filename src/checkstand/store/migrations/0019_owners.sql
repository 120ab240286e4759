-- Every customer whom an e-mail reaches has an owner among its members, also those from before it was so.
INSERT INTO members (organization_id, id, customer_id, email, name, external_id, role, created_at)
SELECT c.organization_id, gen_random_uuid(), c.id, c.email, c.name, c.external_id, 'owner', c.created_at
FROM customers AS c
WHERE c.deleted_at IS NULL
  AND c.email IS NOT NULL
  AND NOT EXISTS (
      SELECT 1
      FROM members AS m
      WHERE m.organization_id = c.organization_id
        AND m.customer_id = c.id
        AND m.role = 'owner'
        AND m.deleted_at IS NULL
  )
ON CONFLICT DO NOTHING;
