import Documents

/// The status of an object in words, from the server's answer.
func statusText(_ status: Document) -> String {
  var text = "\(status["fqn"]?.string ?? "-")\n"
  text += "state:    \(status["state"]?.string ?? "-")\n"
  text += "revision: \(status["revision"]?.integer.map(String.init) ?? "-")\n"
  for problem in status["problems"]?.list ?? [] {
    let path = problem["path"]?.string.map { "\($0): " } ?? ""
    let code = problem["code"]?.string.map { " (\($0))" } ?? ""
    text += "problem:  \(path)\(problem["detail"]?.string ?? "-")\(code)\n"
  }
  for path in status["notYetEffective"]?.list ?? [] {
    text += "no effect: \(path.string ?? "-") is understood and kept, and changes nothing yet\n"
  }
  text = text.split(separator: "\n", omittingEmptySubsequences: false)
    .map { visible(String($0)) }.joined(separator: "\n")
  return text + clustersText(status["clusters"]?.list ?? [])
}

/// How far something has come in each cluster, with what Envoys said against it.
///
/// - Parameter showsStages: when each stage was reached, counted from the commit.
func clustersText(_ clusters: [Document], showsStages: Bool = false) -> String {
  guard !clusters.isEmpty else { return "" }
  let stages = showsStages ? ["compiled", "sent", "stored"] : []
  var table = Table(headings: ["CLUSTER", "STATE", "AGENT", "TOLD", "ACKNOWLEDGED", "REJECTED"])
  table.headings += stages.map { $0.uppercased() } + [showsStages ? "COMPLETED" : "TOOK"]
  for cluster in clusters {
    table.rows.append(
      [
        cluster["cluster"]?.string ?? "-", cluster["state"]?.string ?? "-",
        cluster["connected"]?.bool == true ? "connected" : "away",
        number(cluster["told"]), number(cluster["acknowledged"]), number(cluster["rejected"]),
      ] + (stages + ["completed"]).map { milliseconds(cluster[["stages", $0]]) })
  }
  return "\n" + table.text(hidesHeadings: false) + clusters.flatMap(rejections).joined()
}

private func rejections(of cluster: Document) -> [String] {
  (cluster["rejections"]?.list ?? []).map { rejection in
    let nodes = (rejection["nodeIDs"]?.list ?? []).compactMap(\.string).joined(separator: ", ")
    return visible(
      "rejected in \(cluster["cluster"]?.string ?? "-") by \(nodes): "
        + "\(rejection["resourceName"]?.string ?? "-"): \(rejection["reason"]?.string ?? "-")")
      + "\n"
  }
}

func number(_ value: Document?) -> String { value?.integer.map(String.init) ?? "-" }

/// Microseconds as `12.3ms`.
func milliseconds(_ value: Document?) -> String {
  guard let microseconds = value?.integer, microseconds >= 0 else { return "-" }
  return "\(microseconds / 1000).\(microseconds % 1000 / 100)ms"
}
