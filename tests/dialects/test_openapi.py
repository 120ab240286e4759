"""The OpenAPI documents are valid, whole and true: every route is in them, and every query parameter they name is really read."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any, get_type_hints

import httpx2
import pytest
import schemathesis
from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi import definitions
from starlette.requests import Request

from checkstand import dialects
from checkstand.app import create_app
from checkstand.dialects import dodo, polar
from checkstand.openapi import PATH_PARAMETER, Described, Operation, operation_id
from checkstand.testing.demo import DemoShop
from tests.server import RunningServer
