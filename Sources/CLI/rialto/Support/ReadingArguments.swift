import ArgumentParser
import FoundationEssentials
import Manifests

/// What files may be that were not written for here alone.
struct ReadingArguments: ParsableArguments {
  @Flag(
    help: "Leave out what belongs to another API (Kubernetes, install.*), and list it.")
  var skipUnknown = false

  @Option(
    name: .customLong("var"),
    help: ArgumentHelp(
      "The value of ${NAME} and $NAME in the files; $$ is then a dollar sign. May be repeated.",
      discussion: "Without it nothing is replaced. With it a variable without a value is an error, "
        + "but in blocks of text (|), where only variables with a value are replaced.",
      valueName: "name=value"))
  var variables: [String] = []

  @Option(
    name: .customLong("var-file"),
    help: ArgumentHelp("A file of such lines; those with # are comments.", valueName: "file"))
  var variableFiles: [String] = []

  /// - Throws: `Failure` when a value has no name, or a file cannot be read.
  func options() throws -> ReadingOptions {
    guard !variables.isEmpty || !variableFiles.isEmpty else {
      return ReadingOptions(skipsForeign: skipUnknown)
    }
    var values: [String: String] = [:]
    for file in variableFiles {
      guard let data = try? Data(contentsOf: URL(filePath: file)) else {
        throw Failure(
          .failed, .noInput, "\(file): there is no such file, or it may not be read",
          advice: "--var-file names a file of lines such as NAME=VALUE.")
      }
      // Editors of other systems end lines with a carriage return, which belongs to no value.
      let lines = data.split(separator: 0x0A).map { line in
        String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
      }
      for line in lines where !line.hasPrefix("#") && line.contains(where: { !" \t".contains($0) })
      {
        try Self.add(line, to: &values)
      }
    }
    for variable in variables { try Self.add(variable, to: &values) }
    return ReadingOptions(variables: values, skipsForeign: skipUnknown)
  }

  private static func add(_ text: String, to values: inout [String: String]) throws {
    guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
      throw Failure(
        .usage, .invalidInput, "'\(text)' gives no variable a value",
        advice: "Write --var NAME=VALUE.")
    }
    values[String(text[..<sign])] = String(text[text.index(after: sign)...])
  }
}
