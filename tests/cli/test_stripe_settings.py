"""Settings for Stripe: what is missing is named before anything starts, and `doctor` asks Stripe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checkstand.cli.checks import Check, examine
from checkstand.ops.settings import PREFIX, Settings, SettingsError, require_gateway
from tests.gateways.fake_stripe import FakeStripe, running_fake


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeStripe]:
    with running_fake() as running:
        yield running


@pytest.mark.parametrize("missing", ["stripe_secret_key", "stripe_publishable_key", "stripe_webhook_secret"])
def test_a_missing_key_is_named(fake: FakeStripe, missing: str) -> None:
    settings = Settings(**{**fake.settings(), missing: ""})  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=f"{PREFIX}{missing.upper()} is not set"):
        require_gateway(settings)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("stripe_secret_key", "pk_test_0123456789", "STRIPE_SECRET_KEY does not look like Stripe's"),
        ("stripe_publishable_key", "pk_live_0123456789", "of different modes"),
        ("stripe_webhook_secret", "secret", "STRIPE_WEBHOOK_SECRET does not look like Stripe's"),
        ("stripe_api_base", "127.0.0.1:12111", "STRIPE_API_BASE must look like"),
    ],
)
def test_a_key_that_cannot_be_right_is_named(fake: FakeStripe, name: str, value: str, said: str) -> None:
    settings = Settings(**{**fake.settings(), name: value})  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=said):
        require_gateway(settings)


def doctor(fake: FakeStripe, tmp_path: object, **changed: str) -> Check:
    """The doctor's finding about the gateway."""
    given = {**fake.settings(), **changed}
    environment = {PREFIX + name.upper(): value for name, value in given.items()}
    return next(check for check in examine(environment, str(tmp_path)) if check.name == "gateway")


@pytest.mark.parametrize("mode", ["test", "live"])
def test_the_doctor_asks_stripe_for_the_keys_mode(fake: FakeStripe, tmp_path: object, mode: str) -> None:
    found = doctor(fake, tmp_path, **fake.settings(mode))
    assert found.ok
    assert f"{mode} mode" in found.detail


def test_the_doctor_says_that_a_key_is_not_accepted(fake: FakeStripe, tmp_path: object) -> None:
    found = doctor(fake, tmp_path, stripe_secret_key="sk_test_revoked0123456789")
    assert not found.ok
    assert "does not accept the secret key" in found.detail


def test_the_doctor_says_that_stripe_does_not_answer(fake: FakeStripe, tmp_path: object) -> None:
    found = doctor(fake, tmp_path, stripe_api_base="http://127.0.0.1:9")
    assert not found.ok
    assert "does not answer at http://127.0.0.1:9" in found.detail


def test_the_doctor_names_a_key_that_is_missing(fake: FakeStripe, tmp_path: object) -> None:
    found = doctor(fake, tmp_path, stripe_webhook_secret="")
    assert not found.ok
    assert f"{PREFIX}STRIPE_WEBHOOK_SECRET is not set" in found.detail
