import Documents
import FoundationEssentials

// How values that are no plain columns are written.

func blob(_ bytes: [UInt8]) -> Data { Data(bytes) }

func bytes(_ data: Data) -> [UInt8] { [UInt8](data) }

func optionalBytes(_ data: Data?) -> [UInt8]? { data.map { [UInt8]($0) } }

func document(in text: String) throws -> Document {
  do { return try JSONParser.document(from: Array(text.utf8)) } catch {
    throw DamagedStore(description: "a stored document cannot be read: \(error.message)")
  }
}

func text(of certificates: [[UInt8]]) -> String {
  Document.list(certificates.map { .string(Data($0).base64EncodedString()) }).canonicalText
}

func certificates(in text: String) throws -> [[UInt8]] {
  try (document(in: text).list ?? []).map { element in
    guard let text = element.string, let data = Data(base64Encoded: text) else {
      throw DamagedStore(description: "a stored certificate cannot be read")
    }
    return [UInt8](data)
  }
}

func text(of labels: [String: String]) -> String {
  Document.object(labels.mapValues { .string($0) }).canonicalText
}

func labels(in text: String) throws -> [String: String] {
  try (document(in: text).object ?? [:]).compactMapValues(\.string)
}

func text(of sources: [StoredSource]) -> String {
  Document.list(
    sources.map { .object(["fqn": .string($0.fqn), "revision": .integer($0.revision)]) }
  ).canonicalText
}

func sources(in text: String) throws -> [StoredSource] {
  try (document(in: text).list ?? []).compactMap { element in
    guard let fqn = element["fqn"]?.string, let revision = element["revision"]?.integer else {
      return nil
    }
    return StoredSource(fqn: fqn, revision: revision)
  }
}
