"""The resource tree as its users know it: what is inherited, and what older manifests say."""

import mesh
from scenarios import get, put_and_wait
from traffic import call, every_proxy_in_step, url

PARENTS = {"organization": "acme", "tenant": "retail"}
TENANT = "organizations/acme/tenants/retail/settings/defaults"
GROUP = "organizations/acme/tenants/retail/workspaces/shop/securitygroups/backend/settings/callers"


def tenant_says(mode, strategy="REPLACE"):
    return {"apiVersion": "api.rialto.mesh/v2", "kind": "TenantSetting",
            "metadata": {**PARENTS, "name": "defaults"},
            "spec": {"defaultSecuritySetting": {
                "authorization": {"mode": mode}, "propagationStrategy": strategy}}}


def group_says(mode):
    return {"apiVersion": "security.rialto.mesh/v2", "kind": "SecuritySetting",
            "metadata": {**PARENTS, "workspace": "shop", "group": "backend", "name": "callers"},
            "spec": {"authorization": {"mode": mode}}}


def inheritance(watch):
    """what a tenant says of callers holds in groups that say nothing; a group that says something
    else replaces it, unless the tenant's is stricter and says that it stays"""
    catalog, orders = mesh.workload("catalog"), mesh.workload("orders")
    stranger, neighbour = mesh.workload("web"), mesh.workload("coupons")

    def callers():
        # From another namespace of the workspace, and from the same namespace in another site.
        return call(stranger, url(catalog))[0], call(neighbour, url(orders))[0]

    assert callers() == (200, 200), callers()
    try:
        put_and_wait(TENANT, tenant_says("NAMESPACE"))
        assert callers() == (403, 200), callers()
        put_and_wait(GROUP, group_says("WORKSPACE"))
        assert callers() == (200, 200), callers()
        put_and_wait(TENANT, tenant_says("NAMESPACE", "STRICTER"))
        assert callers() == (403, 200), callers()
    finally:
        for name in (GROUP, TENANT):
            mesh.api("DELETE", f"/v2/{name}")
        every_proxy_in_step()
    assert callers() == (200, 200), callers()


# As it stands in many repositories: a kind and a dialect that came before.
OLD_GATEWAY = """
apiversion: gateway.tsb.tetrate.io/v2
kind: IngressGateway
metadata: {organization: acme, tenant: retail, workspace: shop, group: gateways, name: old}
spec:
  workload_selector: {namespace: gateways, labels: {app: ingress, site: east}}
  http:
    - name: old
      hostname: old.example.com
      port: 8080
      routing:
        rules:
          - route: {host: shop/catalog.shop.svc.cluster.local, port: 8080}
"""
OLD_NAME = ("organizations/acme/tenants/retail/workspaces/shop/gatewaygroups/gateways/"
            "ingressgateways/old")


def old_manifests(watch):
    """an ingress gateway in the dialect that came before is served like a gateway of today"""
    host = {"Host": "old.example.com"}
    assert get(headers=host)[0] == 404
    try:
        mesh.rialto("apply", "-f", "-", "--wait", text_in=OLD_GATEWAY)
        status, body = get(headers=host)
        assert status == 200 and '"service":"catalog"' in body, f"{status} {body}"
        assert get()[0] == 200, "the gateway beside it is not served any more"
    finally:
        mesh.api("DELETE", f"/v2/{OLD_NAME}")
        every_proxy_in_step()
    assert get(headers=host)[0] == 404


ALL = [inheritance, old_manifests]
