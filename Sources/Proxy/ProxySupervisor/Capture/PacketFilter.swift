package import Documents

/// The rules that bring traffic into Envoy: of the nat table, in chains of their own, as many for a
/// thousand services as for one.
package struct PacketFilter: Hashable, Sendable {
  package static let virtualRange = "240.240.0.0/16"
  package static let outboundPort = 15001
  package static let inboundPort = 15006
  package static let resolverPort = 15053
  /// On the resolver's own queries, so that they are not brought back to it.
  package static let resolverMark = 0x1EE7

  /// What of DNS is redirected.
  package enum Names: Hashable, Sendable {
    case all
    /// Queries to these addresses only. A resolver on this machine asks others in turn, from a
    /// process that does not carry our mark: redirecting those would go round for ever.
    case to([IPv4Address])

    package init(_ configuration: ResolverConfiguration) {
      self =
        configuration.servers.contains(where: ResolverConfiguration.isLoopback)
        ? .to(configuration.servers) : .all
    }
  }

  package var inboundPorts: [Int]
  package var names: Names

  package init(inboundPorts: [Int], names: Names) {
    self.inboundPorts = inboundPorts
    self.names = names
  }

  static let chains = [("OUTPUT", "RIALTO_OUTPUT"), ("PREROUTING", "RIALTO_PREROUTING")]

  /// For `iptables-restore --noflush`: declaring a chain empties it, so that installing twice leaves
  /// one set of rules. `missingJumps` are the built-in chains that do not yet lead to ours.
  package func restoreText(missingJumps: [String]) -> String {
    var lines = ["*nat"]
    for (_, chain) in Self.chains { lines.append(":\(chain) - [0:0]") }
    for (base, chain) in Self.chains where missingJumps.contains(base) {
      lines.append("-A \(base) -j \(chain)")
    }
    let mark = "-m mark --mark \(String(Self.resolverMark))"
    for transport in ["udp", "tcp"] {
      let redirect = "--dport 53 -j REDIRECT --to-ports \(Self.resolverPort)"
      lines.append("-A RIALTO_OUTPUT -p \(transport) --dport 53 \(mark) -j RETURN")
      switch names {
      case .all: lines.append("-A RIALTO_OUTPUT -p \(transport) \(redirect)")
      case .to(let servers):
        for server in servers {
          lines.append("-A RIALTO_OUTPUT -d \(server)/32 -p \(transport) \(redirect)")
        }
      }
    }
    lines.append(
      "-A RIALTO_OUTPUT -p tcp -d \(Self.virtualRange) -j REDIRECT --to-ports \(Self.outboundPort)")
    // What this machine sends to itself never passes here: the application stays reachable on
    // loopback, for its operator and for Envoy.
    for port in Set(inboundPorts).sorted() {
      lines.append(
        "-A RIALTO_PREROUTING -p tcp --dport \(port) -j REDIRECT --to-ports \(Self.inboundPort)")
    }
    return (lines + ["COMMIT", ""]).joined(separator: "\n")
  }
}
