import Documents
import ManagementClient
import Manifests
import Model

/// The text of an object in an editor: what will be sent, and our remarks between its lines.
struct EditedText: Sendable {
  /// Without our remarks.
  private(set) var body: String
  /// By the number of the line that each is about; 0: about the whole.
  private var remarks: [Int: [String]] = [:]
  /// By what stands for them in the text.
  private let secrets: [String: String]

  /// What a line of ours begins with; comments of the writer stay.
  private static let sign = "#: "

  init(body: String, secrets: [String: String] = [:]) {
    self.body = body
    self.secrets = secrets
  }

  /// - Parameter text: as the editor left it.
  init(shown text: String, secrets: [String: String] = [:]) {
    self.secrets = secrets
    body = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
      !line.utf8.drop { $0 == UInt8(ascii: " ") }.starts(with: Self.sign.utf8.dropLast())
    }.joined(separator: "\n")
  }

  func shown(of ref: ResourceRef) -> String {
    var lines = ["\(Self.sign)\(ref.fqn)"]
    lines.append(
      "\(Self.sign)Lines that begin like this one are dropped. Leave it unchanged to cancel.")
    lines += (remarks[0] ?? []).map { "\(Self.sign)error: \($0)" }
    for (index, line) in body.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let indentation = String(line.prefix { $0 == " " })
      lines += (remarks[index + 1] ?? []).map { "\(indentation)\(Self.sign)error: \($0)" }
      lines.append(String(line))
    }
    return lines.joined(separator: "\n")
  }

  /// The object, or nil when remarks say what is wrong.
  mutating func check(for ref: ResourceRef) -> Manifest? {
    let read = Manifests.read(Array(body.utf8), options: ReadingOptions(secrets: secrets))
    let errors = read.diagnostics.filter { $0.severity == .error }
    for error in errors {
      remark("\(error.message) (\(error.code))", at: error.mark?.line)
    }
    guard errors.isEmpty else { return nil }
    guard read.value.count == 1, let manifest = read.value.first, manifest.ref == ref else {
      remark("this has to be \(ref.fqn) and nothing else; 'rialto apply' makes others", at: nil)
      return nil
    }
    return manifest
  }

  /// What the server found wrong.
  mutating func add(_ problem: ProblemDetails, of manifest: Manifest) {
    let placed = ManifestFiles(manifests: [manifest], warnings: []).placed(problem)
    let errors = placed.errors.filter { $0.severity == "error" }
    for error in errors {
      remark(
        "\(error.path.map { "\($0): " } ?? "")\(error.detail) (\(error.code))",
        at: error.line.map(Int.init))
    }
    if errors.isEmpty { remark(problem.detail, at: nil) }
  }

  /// One line, whatever it says.
  private mutating func remark(_ text: String, at line: Int?) {
    remarks[line ?? 0, default: []].append(visible(text))
  }
}
