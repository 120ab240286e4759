-- Which APIs there are, the code knows (`domain/profile.py`): another one needs no change here.
ALTER TABLE access_tokens
    DROP CONSTRAINT access_tokens_dialect_check,
    ADD CONSTRAINT access_tokens_dialect_check CHECK (dialect ~ '^[a-z][a-z0-9_]*$');
ALTER TABLE checkouts
    DROP CONSTRAINT checkouts_dialect_check,
    ADD CONSTRAINT checkouts_dialect_check CHECK (dialect ~ '^[a-z][a-z0-9_]*$');
ALTER TABLE webhook_endpoints
    DROP CONSTRAINT webhook_endpoints_dialect_check,
    ADD CONSTRAINT webhook_endpoints_dialect_check CHECK (dialect ~ '^[a-z][a-z0-9_]*$');
