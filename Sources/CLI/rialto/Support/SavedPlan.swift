import Documents
import FoundationEssentials
import Identity
import Model

/// What `rialto plan --out` keeps: the objects, and the revision that they were planned on.
struct SavedPlan: Sendable {
  var revision: Int64
  /// What `POST /v2/apply` takes.
  var body: Document
  var refs: [ResourceRef]

  var document: Document {
    [
      "kind": "RialtoPlan", "revision": .integer(revision), "body": body,
      "objects": .list(refs.map { .string($0.fqn) }),
    ]
  }

  /// Replaces the file as a whole. It is its owner's alone: the objects may hold secrets.
  ///
  /// - Throws: `Failure`
  func write(_ path: String) throws {
    let advice = "Name another file with --out."
    let type = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
    guard type == nil || type == .typeRegular else {
      throw Failure(.failed, .noInput, "\(path) is no ordinary file", advice: advice)
    }
    do { try KeyFile(path: path).write(Array((document.prettyJSON + "\n").utf8)) } catch {
      throw Failure(.failed, .noInput, error.description, advice: advice)
    }
  }

  static func read(_ path: String) throws -> SavedPlan {
    let unreadable = Failure(
      .failed, .noInput, "\(path): there is no plan in it, or it may not be read",
      advice: "'rialto plan -f FILE --out \(path)' makes one.")
    guard let data = try? Data(contentsOf: URL(filePath: path)),
      let document = try? JSONParser.document(from: Array(data)), document["kind"] == "RialtoPlan",
      let revision = document["revision"]?.integer, let body = document["body"]
    else { throw unreadable }
    let refs = (document["objects"]?.list ?? []).compactMap(\.string).compactMap {
      ResourceRef(fqn: $0)
    }
    return SavedPlan(revision: revision, body: body, refs: refs)
  }
}
