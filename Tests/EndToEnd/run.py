"""Runs the end-to-end scenarios against a demo that is up: a line each, and the count at the end."""

import sys
import time
import traceback

import bad_input
import bridge
import conditions
import connections
import destinations
import failover
import faults
import identity
import isolation
import refusals
import scenarios
import settings
import tree


def main(names):
    known = (scenarios.ALL + tree.ALL + settings.ALL + connections.ALL + bridge.ALL + bad_input.ALL
             + refusals.ALL + identity.ALL + faults.ALL + failover.ALL + destinations.ALL
             + isolation.ALL)
    unknown = set(names) - {scenario.__name__ for scenario in known}
    if unknown:
        print(f"no such scenario: {', '.join(sorted(unknown))}; there are "
              f"{', '.join(scenario.__name__ for scenario in known)}", file=sys.stderr)
        return 64
    passed = failed = 0
    for scenario in known:
        if names and scenario.__name__ not in names:
            continue
        title = " ".join((scenario.__doc__ or scenario.__name__).split())
        started = time.monotonic()
        try:
            with conditions.Watch() as watch:
                detail = scenario(watch) or ""
            passed += 1
            verdict = "passed"
        except Exception as problem:  # a scenario that breaks is a scenario that failed
            failed += 1
            verdict = "FAILED"
            detail = f"{type(problem).__name__}: {problem}"
            if not isinstance(problem, (AssertionError, TimeoutError)):
                traceback.print_exc()
            conditions.recover()
        seconds = time.monotonic() - started
        print(f"{verdict}  {scenario.__name__}  ({seconds:.1f} s)  {title}"
              f"{'  [' + detail + ']' if detail else ''}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
