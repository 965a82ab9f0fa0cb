import Documents
import ManagementClient
import Model

/// What a change would do, in words: `+` is new, `~` changes, `-` goes.
enum PlanText {
  /// - Parameter result: the answer to a dry run.
  static func text(of result: Document) -> String {
    var text = objects(of: result)
    for cluster in result[["plan", "clusters"]]?.list ?? [] {
      text += "\ncluster \(visible(cluster["cluster"]?.string ?? "-"))\n"
      for item in cluster["items"]?.list ?? [] {
        text += "  \(symbol(item["action"])) \(visible(item["item"]?.string ?? "-"))\n"
      }
      for group in cluster["groups"]?.list ?? [] { text += self.text(ofGroup: group) }
      if let reason = cluster["leftOut"]?.string {
        text += "  proxies are not worked out: \(visible(reason))\n"
      }
    }
    for problem in result[["plan", "problems"]]?.list ?? [] {
      text += "\(problem["severity"]?.string ?? "error"): "
      text += "\(visible(ProblemDetails.Item(problem).text))\n"
    }
    return text + "\n" + summary(of: result)
  }

  /// The objects alone, with every field that differs.
  static func objects(of result: Document) -> String {
    (result["results"]?.list ?? []).map { item in
      let action = item["action"]
      guard action != "unchanged" else { return "" }
      let line = "\(symbol(action)) \(visible(ApplyCommand.shortText(item)))\n"
      return action == "updated" ? line + lines(of: item["diff"], indentation: "    ") : line
    }.joined()
  }

  private static func text(ofGroup group: Document) -> String {
    let nodes = (group["nodeIDs"]?.list ?? []).compactMap(\.string)
    let more = nodes.count > 5 ? " and \(nodes.count - 5) more" : ""
    var text = "  proxies \(visible(nodes.prefix(5).joined(separator: ", ")))\(more)\n"
    for resource in group["resources"]?.list ?? [] {
      text += "    \(symbol(resource["action"])) \(resource["type"]?.string ?? "-") "
      text += "\(visible(resource["name"]?.string ?? "-"))\n"
      if resource["action"] == "change" {
        text += lines(of: resource["diff"], indentation: "        ")
      }
    }
    return text
  }

  static func summary(of result: Document) -> String {
    let actions = (result["results"]?.list ?? []).compactMap { $0["action"]?.string }
    func count(_ action: String) -> Int { actions.count { $0 == action } }
    var text = "\(count("created")) to create, \(count("updated")) to change, "
    text += "\(count("deleted")) to delete"
    if let proxies = result[["plan", "proxies"]]?.integer {
      text += "; \(proxies) proxies concerned"
    }
    return text + "\n"
  }

  /// One line for each place in which two documents differ.
  static func lines(of difference: Document?, indentation: String) -> String {
    (difference?.list ?? []).map { change in
      let path = change["path"]?.string ?? ""
      let before = change["before"].map(short)
      let after = change["value"].map(short)
      let what =
        switch (before, after) {
        case (let before?, let after?): "~ \(path): \(before) -> \(after)"
        case (nil, let after?): "+ \(path): \(after)"
        case (let before?, nil): "- \(path): \(before)"
        case (nil, nil): path
        }
      return indentation + visible(what) + "\n"
    }.joined()
  }

  private static func short(_ value: Document) -> String {
    let text = value.canonicalText
    return text.count > 120 ? "\(text.prefix(117))..." : text
  }

  private static func symbol(_ action: Document?) -> String {
    switch action?.string {
    case "created", "add": "+"
    case "deleted", "remove": "-"
    default: "~"
    }
  }
}
