"""Runs the end-to-end scenarios against a demo that is up: a line each, and the count at the end."""

import sys
import time
import traceback

import bad_input
import bridge
import conditions
import failover
import faults
import identity
import isolation
import refusals
import scenarios


def main(names):
    known = (scenarios.ALL + bridge.ALL + bad_input.ALL + refusals.ALL + identity.ALL
             + faults.ALL + failover.ALL + isolation.ALL)
