import random, copy
from tests.dialects.dodo_place import DodoShop
def test_fuzz(dodo):
    rnd = random.Random(5)
    full = {"product_cart":[{"product_id":dodo.id("P"),"quantity":1,"amount":5,"addons":[{"addon_id":"a","quantity":1}],"credit_entitlements":[{"credit_entitlement_id":"x","credits_amount":"1"}]}],
     "customer":{"email":"a@example.com","name":"A","phone_number":"1"},"billing_address":{"country":"US","city":"x","state":"NY","street":"s","zipcode":"1"},"billing_currency":"USD","allowed_payment_method_types":["credit"],"discount_code":"WELCOME20","return_url":"https://x.y/z","confirm":False,"subscription_data":{"trial_period_days":1,"on_demand":{"mandate_only":True}},"customization":{"theme":"dark","theme_config":{"a":1},"force_language":"de"},"feature_flags":{"allow_tax_id":True},"metadata":{"a":"b"},"custom_fields":[{"key":"k","label":"l","field_type":"text","options":["a"]}],"tax_id":"DE1","expires_in":100,"minimal_address":True,"discount_codes":["A"],"payment_method_id":"x","product_collection_id":"y","cancel_url":"https://a.b","customer_business_name":"n"}
    junk = [None, True, False, 0, -1, 1, 2**31, 2**63-1, -2**63, 1.5, 1e300, "", " ", "x"*5000, "\u202e", "💳", "http://[", "https://[::1", "https://a:99999999/", "//x", "a:b", [], {}, [None], [[]], {"a": {}}, "USD", "DE", "2.0", "%s{0}{x}", "{where}"]
    def paths(o, p=()):
        out=[p] if p else []
        if isinstance(o, dict):
            for k,v in o.items(): out += paths(v, p+(k,))
        elif isinstance(o, list):
            for i,v in enumerate(o): out += paths(v, p+(i,))
        return out
    all_paths = paths(full)
    from collections import Counter
    seen = Counter()
    for n in range(2500):
        body = copy.deepcopy(full)
        for k in list(body):
            if k != "product_cart" and rnd.random() < .6: del body[k]
        for _ in range(rnd.choice([1,1,2])):
            p = rnd.choice(all_paths); o = body
            try:
                for part in p[:-1]: o = o[part]
                if rnd.random() < .15: del o[p[-1]]
                else: o[p[-1]] = rnd.choice(junk)
            except Exception: continue
        r = dodo.http.post("/checkouts", json=body)
        seen[(r.status_code, r.json().get("code"))] += 1
        assert r.status_code < 500, (body, r.text)
    for method, path, base in (("POST","/products",{"name":"n","tax_category":"saas","price":{"type":"recurring_price","currency":"USD","price":1,"discount":0,"purchasing_power_parity":False,"payment_frequency_count":1,"payment_frequency_interval":"Month","subscription_period_count":1,"subscription_period_interval":"Year","trial_period_days":3},"license_key_duration":{"count":1,"interval":"Day"},"digital_product_delivery":{"external_url":"x"},"metadata":{"a":1},"addons":["x"],"brand_id":"b"}),
        ("POST","/customers",{"email":"a@b.com","name":"n","phone_number":"1","metadata":{"a":1},"preferred_locale":"de"}),
        ("POST","/webhooks",{"url":"https://a.b","filter_types":["payment.failed"],"headers":{"a":"b"},"metadata":{"a":"b"},"rate_limit":1,"disabled":True,"idempotency_key":"z","description":"d"})):
        pp = paths(base)
        for n in range(500):
            body = copy.deepcopy(base)
            for k in list(body):
                if rnd.random() < .3: del body[k]
            p = rnd.choice(pp); o = body
            try:
                for part in p[:-1]: o = o[part]
                o[p[-1]] = rnd.choice(junk)
            except Exception: continue
            if path=="/webhooks" and isinstance(body.get("idempotency_key"),str) and rnd.random()<.9: body.pop("idempotency_key")
            r = dodo.http.request(method, path, json=body)
            seen[(path, r.status_code, r.json().get("code"))] += 1
            assert r.status_code < 500, (path, body, r.text)
    print(seen)
    for p in ("/products","/customers","/webhooks","/payments"):
        assert dodo.http.get(p, params={"page_size":100}).status_code == 200
    assert 0
