import Foundation
import Testing

/// Our subsets of Envoy's protocol against what Envoy 1.40 itself declares. The list of facts was
/// extracted once from the descriptors inside of its binary.
@Suite struct `Our subset of the protocol` {
  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().appending(path: "../../..").standardizedFileURL

  private static func facts() throws -> Set<String> {
    let file = root.appending(path: "Tests/Golden/Wire/envoy-fields.txt")
    return Set(
      try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init))
  }

  /// The `.proto` files of Envoy's that we declare.
  private static func files() -> [URL] {
    ["EnvoyProtos", "DiscoveryProtos"].flatMap { target -> [URL] in
      let folder = root.appending(path: "Sources/Wire/\(target)/Protos")
      let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
      return (found?.compactMap { $0 as? URL } ?? []).filter {
        $0.pathExtension == "proto" && !$0.path.contains("/Protos/rialto/")
      }
    }.sorted { $0.path < $1.path }
  }

  @Test func `both targets have files`() {
    let paths = Self.files().map(\.path)
    #expect(paths.contains { $0.contains("/EnvoyProtos/") })
    #expect(paths.contains { $0.contains("/DiscoveryProtos/") })
  }

  @Test func `every field has the number and type of the original`() throws {
    let facts = try Self.facts()
    for file in Self.files() {
      for field in ProtoFile(try String(contentsOf: file, encoding: .utf8)).fields {
        #expect(facts.contains(field), "\(file.lastPathComponent): \(field)")
      }
    }
  }

  @Test func `a wrong number is noticed`() throws {
    let file = ProtoFile(
      "package envoy.config.core.v3;\nmessage Address {\n  SocketAddress socket_address = 2;\n}")
    #expect(
      file.fields == [
        "envoy.config.core.v3.Address.socket_address = 2 envoy.config.core.v3.SocketAddress"
      ])
    #expect(!(try Self.facts().contains(file.fields[0])))
  }
}

/// As much of protobuf's language as our files use, one declaration per line.
struct ProtoFile {
  /// `message.field = number type`, in the order of the file.
  private(set) var fields: [String] = []

  private static let scalars: Set = [
    "bool", "bytes", "double", "float", "int32", "int64", "string", "uint32", "uint64",
  ]

  init(_ text: String) {
    let lines = text.split(separator: "\n").map { line in
      line.prefix(upTo: line.firstRange(of: "//")?.lowerBound ?? line.endIndex)
        .trimmingCharacters(in: .whitespaces)
    }
    let package =
      lines.first { $0.hasPrefix("package ") }?.dropFirst(8).dropLast().description ?? ""
    let nested = Self.declaredTypes(in: lines, package: package)
    var scopes: [(keyword: String, name: String)] = []
    for line in lines {
      let words = line.split(separator: " ").map(String.init)
      if ["message", "enum", "oneof", "service"].contains(words.first ?? ""), line.contains("{") {
        if !line.contains("}") { scopes.append((words[0], words[1])) }
      } else if line.hasPrefix("}") {
        scopes.removeLast()
      } else if let equals = words.firstIndex(of: "="), words[0] != "option", !scopes.isEmpty {
        let owner = ([package] + scopes.filter { $0.keyword != "oneof" }.map(\.name))
          .joined(separator: ".")
        let number = words[equals + 1].prefix { $0.isNumber }
        let type =
          scopes.last?.keyword == "enum"
          ? "value"
          : Self.type(words[..<(equals - 1)].joined(separator: " "), in: owner, package, nested)
        fields.append("\(owner).\(words[equals - 1]) = \(number) \(type)")
      }
    }
  }

  private static func declaredTypes(in lines: [String], package: String) -> Set<String> {
    var scopes: [String] = []
    var types: Set<String> = []
    for line in lines {
      let words = line.split(separator: " ").map(String.init)
      if line.contains("{") {
        let isType = ["message", "enum"].contains(words[0])
        scopes.append(isType ? words[1] : "")
        if isType { types.insert(([package] + scopes).joined(separator: ".")) }
      }
      if line.contains("}") { scopes.removeLast() }
    }
    return types
  }

  private static func type(
    _ written: String, in owner: String, _ package: String, _ nested: Set<String>
  ) -> String {
    if written.hasPrefix("repeated ") {
      return "repeated " + type(String(written.dropFirst(9)), in: owner, package, nested)
    }
    if written.hasPrefix("map<") {
      let parts = written.dropFirst(4).dropLast().split(separator: ",").map {
        type($0.trimmingCharacters(in: .whitespaces), in: owner, package, nested)
      }
      return "map<\(parts.joined(separator: ", "))>"
    }
    if scalars.contains(written) { return written }
    var scope = owner
    while scope.count >= package.count {
      if nested.contains("\(scope).\(written)") { return "\(scope).\(written)" }
      guard let dot = scope.lastIndex(of: ".") else { break }
      scope = String(scope[..<dot])
    }
    // Of another file: with its package, or in our own package.
    return written.contains(".") && written.first?.isLowercase == true
      ? written : "\(package).\(written)"
  }
}
