-- What lets a buyer reach what is theirs for an hour. The token itself is stored nowhere.
CREATE TABLE customer_sessions (
    organization_id uuid NOT NULL REFERENCES organizations (id),
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, id),
    FOREIGN KEY (organization_id, customer_id) REFERENCES customers (organization_id, id)
);
CREATE INDEX customer_sessions_customer ON customer_sessions (organization_id, customer_id);
CREATE INDEX customer_sessions_ended ON customer_sessions (expires_at);
