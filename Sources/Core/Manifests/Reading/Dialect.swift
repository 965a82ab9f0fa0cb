/// Whose manifest it is.
enum Dialect: Hashable, Sendable {
  /// Our own API: everything that is not understood is an error.
  case rialto
  /// Tetrate Service Bridge, in whichever of its two spellings: what has a name that is none here is
  /// renamed, and unknown fields are reported and left out.
  case tsb
  /// Istio's own objects.
  case istio

  init?(apiVersion: String) {
    if apiVersion.utf8.hasSuffix(".rialto.mesh/v2") {
      self = .rialto
    } else if apiVersion == "tsb.tetrate.io/v2" || apiVersion.utf8.hasSuffix(".tsb.tetrate.io/v2") {
      self = .tsb
    } else if let slash = apiVersion.utf8.firstIndex(of: UInt8(ascii: "/")),
      apiVersion.utf8[..<slash].hasSuffix(".istio.io")
    {
      self = .istio
    } else {
      return nil
    }
  }
}

extension BidirectionalCollection where Element == UInt8 {
  func hasSuffix(_ text: String) -> Bool { reversed().starts(with: text.utf8.reversed()) }
}
