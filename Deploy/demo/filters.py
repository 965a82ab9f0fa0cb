"""Packet filters of the machines on the wan: who may open a connection to whom.

Stateful: answers pass, whoever asked. Inside its own site a machine is free; towards the wan it may
do what is listed, and everything else is dropped and counted. A site's gateways reach the server
and the edges; only the edges reach a site's gateways; the server reaches nobody.
"""

FLEET, MANAGEMENT, CLUSTERS = 9443, 8443, 15443
TABLE = "inet rialto-demo"


class Filter:
    """What may be opened over a machine's leg in the wan: (port, addresses or None for all)."""

    def __init__(self, incoming=(), outgoing=()):
        self.incoming = incoming
        self.outgoing = outgoing

    def rules(self):
        return f"""
table {TABLE} {{
  set callers {{ type ipv4_addr; }}
  set callees {{ type ipv4_addr; }}
  chain input {{
    type filter hook input priority filter; policy accept;
    iifname != "wan" accept
    ct state established,related accept
{lines("saddr", self.incoming)}
    ip saddr @callers tcp dport {CLUSTERS} accept
    counter drop
  }}
  chain output {{
    type filter hook output priority filter; policy accept;
    oifname != "wan" accept
    ct state established,related accept
{lines("daddr", self.outgoing)}
    ip daddr @callees tcp dport {CLUSTERS} accept
    counter drop
  }}
  chain forward {{ type filter hook forward priority filter; policy drop; }}
}}
"""

    def install(self, machine):
        machine.network("nft", "-f", "-", text_in=self.rules())


def lines(side, allowed):
    text = []
    for port, addresses in allowed:
        of = f"ip {side} {{ {', '.join(addresses)} }} " if addresses is not None else ""
        text.append(f"    {of}tcp dport {port} accept")
    return "\n".join(text)


def site_gateway(server, edges):
    return Filter(incoming=[(CLUSTERS, edges)], outgoing=[(FLEET, [server]), (CLUSTERS, edges)])


def edge(server, gateways, outside_ports):
    return Filter(incoming=[(CLUSTERS, gateways), *((port, None) for port in outside_ports)],
                  outgoing=[(FLEET, [server]), (CLUSTERS, gateways)])


def ingress(outside_ports):
    return Filter(incoming=[(port, None) for port in outside_ports])


def server():
    return Filter(incoming=[(MANAGEMENT, None), (FLEET, None)])


def open_between(one, other):
    """Lets the gateways on two machines open connections to each other, until closed again."""
    change("add", one, other)


def close_between(one, other):
    change("delete", one, other)


def change(verb, one, other):
    for machine, peer in ((one, other), (other, one)):
        address = peer.legs["wan"]
        for chosen in ("callers", "callees"):
            machine.network("nft", verb, "element", *TABLE.split(), chosen, f"{{ {address} }}")


def cut(machine):
    """Drops everything between a machine and the wan, silently and in both directions."""
    machine.network("nft", "-f", "-", text_in="""
table inet rialto-cut {
  chain input { type filter hook input priority -200; policy accept; iifname "wan" counter drop; }
  chain output { type filter hook output priority -200; policy accept; oifname "wan" counter drop; }
}
""")


def mend(machine):
    machine.network("nft", "delete", "table", "inet", "rialto-cut", check=False)


def dropped(machine):
    """How many packets a machine's filter has dropped."""
    shown = machine.network("nft", "list", "table", *TABLE.split())
    words = shown.split()
    return sum(int(words[index + 2]) for index, word in enumerate(words)
               if word == "counter" and words[index + 5:index + 6] == ["drop"])
