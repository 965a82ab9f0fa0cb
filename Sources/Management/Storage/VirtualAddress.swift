/// An address of 240.240.0.0/16, of which those ending in .0 and .255 are left out, because some
/// network stacks take them for a network or a broadcast.
struct VirtualAddress: Hashable {
  static let first: Int64 = 0xF0F0_0000
  static let last: Int64 = 0xF0F0_FFFF

  var number: Int64

  var isUsable: Bool { number & 0xFF != 0 && number & 0xFF != 0xFF }

  var text: String {
    [24, 16, 8, 0].map { String((number >> $0) & 0xFF) }.joined(separator: ".")
  }

  /// The first usable address after `number`, or nil at the end of the range.
  static func after(_ number: Int64) -> VirtualAddress? {
    var candidate = VirtualAddress(number: number + 1)
    while !candidate.isUsable { candidate.number += 1 }
    return candidate.number <= last ? candidate : nil
  }
}
