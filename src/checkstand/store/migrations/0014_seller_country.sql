-- The seller's country is one fact, in the settings' `country`: tax is worked out with it and papers print it. Until now the address on
-- papers had a country of its own, which somebody had typed, while tax used the other. What was typed wins.
UPDATE organizations
SET settings = (
    settings::jsonb
    || jsonb_build_object(
        'country', settings::jsonb -> 'legal_address' -> 'country',
        'legal_address', (settings::jsonb -> 'legal_address') - 'country'
    )
)::json
WHERE jsonb_typeof(settings::jsonb -> 'legal_address' -> 'country') = 'string';
