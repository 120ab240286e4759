-- Facts are turned into deliveries organization by organization: the oldest of each are found without reading the others.
CREATE INDEX facts_pending_of_organization ON facts (organization_id, sequence) WHERE is_pending;
DROP INDEX facts_pending;
