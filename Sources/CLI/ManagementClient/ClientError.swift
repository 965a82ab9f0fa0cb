package import Documents

/// Why a request to the server did not do what it should.
package enum ClientError: Error, Sendable {
  /// The server said no (RFC 9457).
  case refused(ProblemDetails)
  /// No answer, or none from a server that the context trusts.
  case unreachable(server: String, reason: String)
  /// The server did not finish in time.
  case timedOut(server: String)
  /// An answer that is not what a server of this kind says.
  case unintelligible(String)
  /// The context itself cannot work.
  case unusableContext(String)
}

/// What a problem document says.
package struct ProblemDetails: Hashable, Sendable {
  package struct Item: Hashable, Sendable {
    package var severity: String
    package var code: String
    package var subject: String?
    package var path: String?
    package var file: String?
    package var line: Int64?
    package var column: Int64?
    package var detail: String
  }

  package var status: Int
  /// Stable: `RL` and four digits; nil when the answer came from something else than our server.
  package var code: String?
  package var title: String
  package var detail: String
  package var errors: [Item]

  package init(
    status: Int, code: String?, title: String, detail: String, errors: [Item] = []
  ) {
    self.status = status
    self.code = code
    self.title = title
    self.detail = detail
    self.errors = errors
  }

  /// Whatever the answer holds; a proxy in between may have written it.
  package init(status: Int, body: Document?) {
    self.init(
      status: status, code: body?["code"]?.string,
      title: body?["title"]?.string ?? "HTTP \(status)",
      detail: body?["detail"]?.string ?? "the server answered with status \(status)",
      errors: (body?["errors"]?.list ?? []).map(Item.init))
  }
}

extension ProblemDetails.Item {
  package init(
    severity: String, code: String, subject: String?, path: String?, file: String?,
    mark: (line: Int64, column: Int64)?, detail: String
  ) {
    self.severity = severity
    self.code = code
    self.subject = subject
    self.path = path
    self.file = file
    line = mark?.line
    column = mark?.column
    self.detail = detail
  }

  package init(_ document: Document) {
    self.init(
      severity: document["severity"]?.string ?? "error", code: document["code"]?.string ?? "",
      subject: document["subject"]?.string, path: document["path"]?.string,
      file: document["file"]?.string, mark: nil, detail: document["detail"]?.string ?? "")
    line = document["line"]?.integer
    column = document["column"]?.integer
  }
}
