import ArgumentParser
import Documents
import FoundationEssentials
import ManagementClient
import Manifests
import Model

struct EditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit", abstract: "Change an object in your editor.",
    usage: "rialto edit KIND NAME [options]",
    discussion: """
      Opens the object as YAML in the editor that VISUAL or EDITOR names, else vi. What is wrong with \
      the result is written above the line concerned, and the editor opens again; nothing is written \
      when nothing was changed, or when somebody else has changed the object meanwhile. Secrets are \
      not shown: what stands in their place keeps them, and another text replaces them.

      Examples:
        rialto edit serviceroute orders
        EDITOR='code --wait' rialto edit workspace shop --wait
      """)

  @Argument(
    help: ArgumentHelp("KIND NAME, KIND/NAME or an FQN.", valueName: "what"),
    completion: Completions.objects)
  var words: [String]

  @OptionGroup var waiting: WaitOptions
  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "edit \(words.joined(separator: " "))") {
      try await run(in: $0, Editor.of(ProcessInfo.processInfo.environment))
    }
  }

  func run(in session: Session, _ editor: Editor) async throws {
    let (kinds, name) = try Targets.words(words)
    guard let name else {
      throw Failure(
        .usage, .missing, "a name is needed",
        advice: "For example: rialto edit \(kinds[0].rawValue.lowercased()) NAME.")
    }
    let ref = try await Targets(session: session, parents: parents).one(kinds, name)
    let object = try await session.client.object(ref)
    let draft = try EditedFile(of: ref)
    guard let result = try await edit(ref, object, draft, editor, session) else {
      draft.remove()
      return session.terminal.note("nothing was changed")
    }
    draft.remove()
    output.show(result, to: session.terminal, names: [ref.shortText]) {
      let action = (result["results"]?.list ?? []).first?["action"]?.string ?? "-"
      session.terminal.text("\(ref.shortText) \(visible(action))\n")
    }
    try await waiting.wait(until: [ref], in: session)
  }

  /// Until the server takes it; nil when there is nothing to take.
  private func edit(
    _ ref: ResourceRef, _ object: Document, _ draft: EditedFile, _ editor: Editor,
    _ session: Session
  ) async throws -> Document? {
    let original = ObjectPrinter.manifest(of: object)
    let (shown, secrets) = Manifests.maskedApart(original, of: ref.kind)
    let unchanged = Manifests.yaml(shown)
    var text = EditedText(body: unchanged, secrets: secrets)
    var refused: String?
    while true {
      let offered = text.shown(of: ref)
      try draft.write(offered)
      session.terminal.clear()
      do { try await editor.edit(draft.path) } catch {
        // What somebody has written already is not thrown away.
        if (try? draft.read()) == offered {
          draft.remove()
        } else {
          session.terminal.note("your text is in \(draft.path)")
        }
        throw error
      }
      text = EditedText(shown: try draft.read(), secrets: secrets)
      if text.body == unchanged { return nil }
      guard text.body != refused else {
        throw Failure(
          .failed, .editor, "it was left as it was refused",
          advice: "Nothing was written; your text is in \(draft.path).")
      }
      refused = text.body
      guard let manifest = text.check(for: ref) else { continue }
      if manifest.document == original { return nil }
      do {
        return try await session.client.put(
          ref, manifest.document, ifMatch: object[["metadata", "etag"]]?.string)
      } catch ClientError.refused(let problem) where [400, 422].contains(problem.status) {
        text.add(problem, of: manifest)
      } catch {
        session.terminal.note("your text is in \(draft.path)")
        throw error
      }
    }
  }
}
