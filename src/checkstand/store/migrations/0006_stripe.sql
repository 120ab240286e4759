-- Where the buyer comes back to is a parameter of the charge: asked again under the same key, a gateway wants the same parameters.
ALTER TABLE payment_attempts ADD COLUMN return_url text;
