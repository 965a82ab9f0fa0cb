package import Documents

/// What the resolver does about a query.
package enum DNSDecision: Hashable, Sendable {
  case answer([UInt8])
  /// The name is not the mesh's: the machine's resolvers know.
  case forward
}

extension DNSQuery {
  package enum Code: UInt16 {
    case noError = 0
    case serverFailure = 2
    case nameError = 3
    case refused = 5
  }

  /// Seconds: short, because applications keep what they were told and addresses may change hands
  /// after a quarantine.
  static let timeToLive: UInt32 = 5

  /// A host of the mesh is answered from `names`, another name under `.mesh` does not exist, and
  /// everything else is somebody else's.
  package func decision(names: NameTable) -> DNSDecision {
    guard question.recordClass == Self.internetClass else { return .forward }
    if let address = names[question.name] {
      // Other types of a known name exist, empty: NXDOMAIN for AAAA would deny the A record too.
      return .answer(
        response(.noError, addresses: question.type == Self.addressType ? [address] : []))
    }
    guard NameTable.isInMesh(question.name) else { return .forward }
    return .answer(response(.nameError))
  }

  package func response(_ code: Code, addresses: [IPv4Address] = []) -> [UInt8] {
    var bytes: [UInt8] = []
    func append(_ word: UInt16) { bytes += [UInt8(word >> 8), UInt8(word & 0xFF)] }
    append(id)
    // An authoritative response that offers recursion.
    append(0x8480 | (wantsRecursion ? 0x0100 : 0) | code.rawValue)
    append(1)
    append(UInt16(truncatingIfNeeded: addresses.count))
    append(0)
    append(hasExtensions ? 1 : 0)
    bytes += questionBytes
    for address in addresses {
      append(0xC00C)  // the name of the question, right after the header
      append(Self.addressType)
      append(Self.internetClass)
      append(UInt16(Self.timeToLive >> 16))
      append(UInt16(Self.timeToLive & 0xFFFF))
      append(4)
      bytes += address.bytes
    }
    if hasExtensions {
      bytes.append(0)  // the root
      append(41)  // OPT
      append(1232)  // the size of a UDP packet that we take
      append(0)
      append(0)
      append(0)
    }
    return bytes
  }
}
