"""What holds for some workloads only: of one service, of one version, of a security domain."""

import mesh
from scenarios import changed, put_and_wait
from traffic import call, every_proxy_in_step, url

PARENTS = {"organization": "acme", "tenant": "retail", "workspace": "shop"}
WORKSPACE = "organizations/acme/tenants/retail/workspaces/shop"
ORDERS = f"{WORKSPACE}/securitygroups/backend/servicesettings/orders"
WEB = f"{WORKSPACE}/trafficgroups/traffic/servicesettings/web"
PAYMENTS = f"{WORKSPACE}/securitygroups/payments"
FINANCE = "organizations/acme/tenants/finance"
LEDGER = f"{FINANCE}/workspaces/books/securitygroups/ledger/settings/callers"
DOMAIN = "organizations/acme/securitydomains/money"


def gone(*names):
    for name in names:
        mesh.api("DELETE", f"/v2/{name}")
    every_proxy_in_step()


def orders_says(mode, subsets=()):
    return {"apiVersion": "security.rialto.mesh/v2", "kind": "ServiceSecuritySetting",
            "metadata": {**PARENTS, "group": "backend", "name": "orders"},
            "spec": {"service": "shop/orders", "settings": {"authorization": {"mode": mode}},
                     "subsets": [{"name": name, "settings": {"authorization": {"mode": said}}}
                                 for name, said in subsets]}}


def service_security(watch):
    """a setting of one service decides who may call it and nothing else, and that of a subset who
    may call the workloads of one version"""
    catalog, orders = mesh.workload("catalog"), mesh.workload("orders")
    stranger, neighbour = mesh.workload("web"), mesh.workload("coupons")
    version_2 = {"x-version": "v2"}

    def callers():
        # From another namespace to one service and to the other, and from the same namespace.
        return [call(stranger, url(catalog))[0], call(stranger, url(orders), version_2)[0],
                call(neighbour, url(orders), version_2)[0]]

    assert callers() == [200, 200, 200], callers()
    try:
        put_and_wait(ORDERS, orders_says("NAMESPACE"))
        # What asks orders for the catalog is of its namespace, and is let in.
        assert callers() == [200, 403, 200], callers()
        put_and_wait(ORDERS, orders_says("WORKSPACE", [("v2", "NAMESPACE")]))
        assert callers() == [200, 403, 200], callers()
        # By the split nine of ten requests go to version 1.
        answers = {call(stranger, url(orders))[0] for _ in range(20)}
        assert 200 in answers, "version 1 refuses whom version 2 is to refuse"
    finally:
        gone(ORDERS)
    assert callers() == [200, 200, 200], callers()


def service_traffic(watch):
    """a setting of one service decides what its workloads may call, and how long they wait"""
    catalog, orders = mesh.workload("catalog"), mesh.workload("orders")
    web, coupons = mesh.workload("web"), mesh.workload("coupons")

    def web_says(hosts, timeout):
        return {"apiVersion": "traffic.rialto.mesh/v2", "kind": "ServiceTrafficSetting",
                "metadata": {**PARENTS, "group": "traffic", "name": "web"},
                "spec": {"service": "storefront/web", "settings": {"outbound": {
                    "reachability": {"mode": "CUSTOM", "hosts": hosts},
                    "upstreamTrafficSettings": [{"hosts": ["*"], "settings": {"resilience": {
                        "connectionPool": {"http": {"requestTimeout": timeout,
                                                    "retries": {"attempts": 0}}}}}}]}}}}

    def answers():
        return [call(web, url(catalog))[0], call(web, url(orders))[0],
                call(coupons, url(orders))[0]]

    assert answers() == [200, 200, 200], answers()
    try:
        put_and_wait(WEB, web_says(["shop/catalog"], "10s"))
        assert answers() == [200, 0, 200], answers()
        # The catalog asks through three more proxies before it answers.
        put_and_wait(WEB, web_says(["shop/*"], "0.001s"))
        assert answers() == [504, 504, 200], answers()
    finally:
        gone(WEB)
    assert answers() == [200, 200, 200], answers()


def security_domains(watch):
    """a rule about a security domain is about all parts of the tree that are in it, of several
    tenants"""
    payments, ledger = mesh.workload("payments"), mesh.workload("ledger")

    def join(spec):
        spec["securityDomain"] = DOMAIN

    def among_themselves(spec):
        rules = {"allow": [{"from": {"fqn": DOMAIN}, "to": {"fqn": DOMAIN}}]}
        spec["authorization"] = {"mode": "RULES", "rules": rules}

    assert call(payments, url(ledger))[0] == 200
    with changed(LEDGER, among_themselves):
        assert call(payments, url(ledger))[0] == 403, "nobody is in the domain yet"
        with changed(FINANCE, join):
            assert call(payments, url(ledger))[0] == 403, "the caller is not in the domain yet"
            with changed(PAYMENTS, join):
                assert call(payments, url(ledger))[0] == 200
            assert call(payments, url(ledger))[0] == 403
    assert call(payments, url(ledger))[0] == 200


ALL = [service_security, service_traffic, security_domains]
