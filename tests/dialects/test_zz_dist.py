import os, json
from collections import Counter
import pytest
from checkstand.dialects import dodo,polar
from checkstand.openapi import operation_id
from tests.dialects import fuzzing
from tests.dialects.fuzz_places import dodo_place, polar_place
APIS={"polar":(polar.api,polar_place),"dodo":(dodo.api,dodo_place)}
NAMES=[operation_id(a,o) for a,_ in APIS.values() for o in a.operations]
N=int(os.environ.get("N","60"))
@pytest.mark.parametrize("name",NAMES)
def test_dist(name,server,shop,monkeypatch):
    api,place=APIS[name.split("_")[0]]
    op=next(o for o in api.operations if operation_id(api,o)==name)
    c=Counter()
    import schemathesis
    from schemathesis.generation.case import Case
    orig=Case.call_and_validate
    def f(self,*a,**k):
        r=self.call(*[x for x in a], base_url=k["base_url"],session=k["session"],headers=k["headers"],timeout=60)
        c[r.status_code]+=1
        self.validate_response(r,checks=k["checks"])
        return r
    monkeypatch.setattr(Case,"call_and_validate",f)
    try: fuzzing.fuzz(api,op,place(server,shop),inputs=N if op.body else min(N,25))
    finally:
        open("/tmp/bg/dist.txt","a").write(f"{name} {sum(c.values())} {dict(sorted(c.items()))}\n")
