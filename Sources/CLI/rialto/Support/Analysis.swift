import Documents
import ManagementClient
import Manifests
import Model

/// What there is to find in a configuration.
enum Analysis {
  /// In files that are not in force yet: what they show by themselves, and what the server would say.
  static func files(
    _ read: ManifestFiles.Reading, _ client: ManagementClient
  ) async throws -> [ProblemDetails.Item] {
    // What cannot be read is not worth asking about.
    guard let files = read.files else { return read.findings }
    var found = read.findings
    do {
      let result = try await client.apply(files.body.canonicalJSON, dryRun: true)
      let said = (result["warnings"]?.list ?? []) + (result[["plan", "problems"]]?.list ?? [])
      found += said.map(ProblemDetails.Item.init)
    } catch ClientError.refused(let problem) where !problem.errors.isEmpty {
      found += files.placed(problem).errors
    }
    return unique(found)
  }

  /// In everything that is in force.
  static func live(
    _ session: Session, _ parents: ParentOptions
  ) async throws -> [ProblemDetails.Item] {
    let objects = try await Targets(session: session, parents: parents)
      .all(Kind.allCases, view: .full)
    return unique(
      objects.flatMap { object -> [ProblemDetails.Item] in
        let status = object.document["status"] ?? .null
        let problems = (status["problems"]?.list ?? []).map { problem in
          var item = ProblemDetails.Item(problem)
          item.subject = item.subject ?? object.ref.fqn
          return item
        }
        let idle = (status["notYetEffective"]?.list ?? []).compactMap(\.string).map { path in
          ProblemDetails.Item(
            severity: "warning", code: ManifestCode.noEffectYet.rawValue, subject: object.ref.fqn,
            path: path, file: nil, mark: nil,
            detail: "is understood and kept, and changes nothing yet")
        }
        return problems + idle
      })
  }

  /// The client and the server notice some things both; where it is in the file is known to one.
  private static func unique(_ items: [ProblemDetails.Item]) -> [ProblemDetails.Item] {
    var known: Set<[String]> = []
    let errors = items.filter { $0.severity == "error" }
    let others = items.filter { $0.severity != "error" }
    return (errors + others).filter { item in
      known.insert([item.code, item.subject ?? "", item.path ?? "", item.detail]).inserted
    }
  }

  static func document(of item: ProblemDetails.Item) -> Document {
    var members: [String: Document] = [
      "severity": .string(item.severity), "code": .string(item.code),
      "detail": .string(item.detail),
    ]
    members["fqn"] = item.subject.map(Document.string)
    members["path"] = item.path.map(Document.string)
    members["file"] = item.file.map(Document.string)
    members["line"] = item.line.map(Document.integer)
    return .object(members)
  }
}
