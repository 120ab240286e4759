"""A stand-in for Stripe: the API that the gateway calls, the script that the page loads, webhooks, and failures on demand.

`python -m fakes.stripe --port 12111` starts it. It keeps its own books in memory, as a bank would, so a test can compare ours with
them (`GET /_fake/list`). What it imitates is Stripe's documented behaviour; where it refuses, it does so in Stripe's words.

cards.py   what each test card does            objects.py  intents, charges, customers, refunds as Stripe shows them
returns.py refunds, disputes, Stripe's fees
books.py   everything that is stored           api.py      the routes        forms.py  bracketed form fields
faults.py  answers dropped, 500, 429, hangs    news.py     signed webhooks   pages.py  3-D Secure, the card frame, the script
"""
