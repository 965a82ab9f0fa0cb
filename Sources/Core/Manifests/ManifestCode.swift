/// The stable codes of everything that can be wrong with what an operator wrote.
///
/// A code is never given a second meaning; its number is what operators search for.
package enum ManifestCode: String, CaseIterable, Sendable {
  case syntax = "RL1001"
  case limit = "RL1002"
  case unknownField = "RL1003"
  case duplicateKey = "RL1004"
  case anchorOrTag = "RL1005"
  case wrongType = "RL1006"
  case missingField = "RL1007"
  case unknownKind = "RL1008"
  case badName = "RL1009"
  case wrongParents = "RL1010"
  case unknownValue = "RL1011"
  case badDuration = "RL1012"
  case outOfRange = "RL1013"
  case badFormat = "RL1014"
  case contradiction = "RL1015"
  case repeated = "RL1016"
  case weights = "RL1042"
  case unknownSubset = "RL1043"
  case badRegularExpression = "RL1044"
  case incomplete = "RL1045"
  case portConflict = "RL1046"
  case redundantRule = "RL1047"
  case deprecated = "RL1050"
  case noEffectYet = "RL1051"
  case converted = "RL1052"
  case observed = "RL1053"
  case foreignObject = "RL1070"
  case unreplacedVariable = "RL1071"
  case namespaceOwned = "RL1060"
  case outsideWorkspace = "RL1061"
  case secondOfItsKind = "RL1062"
  case foreignNamespace = "RL1063"
  case danglingReference = "RL1064"
  case mixedGroup = "RL1065"

  /// What the code means and what to do, for `rialto explain RL1042`.
  package var explanation: String {
    switch self {
    case .syntax:
      "The text is not valid YAML or JSON. The message names the line; nothing of the text is used."
    case .limit:
      "The text is larger or deeper than any manifest needs (1 MiB, 100,000 parts, 64 levels). "
        + "Split it into several files."
    case .unknownField:
      "The kind has no such field. Misspelt fields would be ignored silently, so they are refused. "
        + "'rialto explain KIND.spec' lists the fields."
    case .duplicateKey:
      "One key is there twice, and programs disagree which of the two counts. Keep one."
    case .anchorOrTag:
      "YAML anchors, aliases and tags are refused: a few lines of them can expand to gigabytes. "
        + "Write the values out."
    case .wrongType:
      "The value has another type than the field. Text that looks like a number or a boolean needs "
        + "quotes: version: \"1.10\"."
    case .missingField: "A field that the kind cannot do without is absent."
    case .unknownKind:
      "No such apiVersion and kind. The kinds are those that 'rialto explain' lists, in their groups "
        + "of rialto.mesh/v2 or tsb.tetrate.io/v2, and Istio's own below groups."
    case .badName:
      "Names are DNS labels: lower-case letters, digits and '-', at most 63, beginning and ending "
        + "with a letter or digit."
    case .wrongParents:
      "The object's place in the tree is incomplete or said twice differently. Every object names "
        + "all of its parents in metadata: organization, tenant, workspace, group."
    case .unknownValue: "The field takes one of a fixed set of words, in capitals."
    case .badDuration:
      "Durations are a number and one unit of ns, us, ms, s, m, h: \"10s\", \"1.5s\", \"250ms\"."
    case .outOfRange: "The number is smaller or larger than the field allows."
    case .badFormat: "The text does not have the form that the field needs; the message shows it."
    case .contradiction:
      "Two fields exclude each other, or one of several is needed and none is there."
    case .repeated: "A name, host or object is there twice where it has to be unique."
    case .weights: "The weights of one split are percentages and have to add up to exactly 100."
    case .unknownSubset: "A route sends requests to a subset that the ServiceRoute does not define."
    case .badRegularExpression:
      "The regular expression is not one that RE2 accepts: no look-around, no back references, "
        + "balanced brackets, at most 1,024 bytes."
    case .incomplete:
      "A mode needs more fields than are there, or fields are there that it ignores."
    case .portConflict:
      "Two servers of one gateway cannot share the port, or the port belongs to the proxy itself."
    case .redundantRule: "The rule is wholly contained in another one and would have no effect."
    case .deprecated: "The field still works; its successor says the same more clearly."
    case .converted:
      "Something of Tetrate Service Bridge has another name or form here and was changed to it."
    case .foreignObject:
      "The object belongs to another API: Kubernetes, Istio, or software that is to be installed. "
        + "Take it out of the file, or let '--skip-unknown' leave it out and list it."
    case .unreplacedVariable:
      "The text is a template, and a variable in it has no value. Give it one with "
        + "'--var NAME=VALUE' or '--var-file FILE'; a dollar sign that means itself is then written "
        + "'$$'. What begins with '{{' is a template of Helm: let 'helm template' render it."
    case .noEffectYet: "The field is understood and kept, but changes nothing yet."
    case .observed:
      "Objects of the kind are what agents observe. They come and go with the workloads, and nobody "
        + "writes them; files of them serve 'rialto render'."
    case .namespaceOwned:
      "A namespace of a cluster belongs to one workspace, and within it to one group of a type. "
        + "Narrow one of the two selectors."
    case .outsideWorkspace: "A group selects namespaces of its own workspace only."
    case .secondOfItsKind:
      "There is one setting per group and one ServiceRoute per service within a workspace. "
        + "Change the one that exists."
    case .foreignNamespace:
      "The object is about a namespace that its group does not select, so it could never apply."
    case .danglingReference: "The object refers to another that does not exist."
    case .mixedGroup:
      "A group holds the kinds of this API (configMode BRIDGED) or raw objects of Istio (DIRECT), "
        + "never both. Put the object into another group, or change the group's mode while it is "
        + "empty."
    }
  }

  package init?(text: String) {
    let upper = String(decoding: text.utf8.map(asciiUppercased), as: UTF8.self)
    self.init(rawValue: upper)
  }
}
