/// What holds for the workloads of one service in this cluster, where that is something else than
/// what holds for the others of their namespace.
package struct WorkloadsPlan: Hashable, Sendable, Codable {
  package var namespace: String
  /// The name of the service.
  package var service: String
  /// The services that these workloads may call; nil: those of their namespace.
  package var reach: Reach?
  /// How they call, in order; nil: as their namespace does.
  package var calls: [CallRule]?
  /// Who may call them, and how; nil: whom their namespace admits.
  package var admission: Admission?
  /// Who may call some of them instead, in order: the first that fits a workload holds.
  package var subsets: [SubsetAdmission]

  package init(
    namespace: String, service: String, reach: Reach? = nil, calls: [CallRule]? = nil,
    admission: Admission? = nil, subsets: [SubsetAdmission] = []
  ) {
    self.namespace = namespace
    self.service = service
    self.reach = reach
    self.calls = calls
    self.admission = admission
    self.subsets = subsets
  }
}

/// Who may call the workloads that carry all of `labels`.
package struct SubsetAdmission: Hashable, Sendable, Codable {
  package var name: String
  package var labels: [String: String]
  package var admission: Admission

  package init(name: String, labels: [String: String], admission: Admission) {
    self.name = name
    self.labels = labels
    self.admission = admission
  }
}

extension WorkloadsPlan {
  /// Whether there is nothing to it.
  package var isEmpty: Bool {
    reach == nil && calls == nil && admission == nil && subsets.isEmpty
  }

  /// The labels that decide which subset a workload is of.
  package var distinguishingLabels: Set<String> { Set(subsets.flatMap(\.labels.keys)) }

  /// Who may call a workload with these labels; nil: whom its namespace admits.
  package func admission(toLabels labels: [String: String]) -> Admission? {
    subsets.first { subset in subset.labels.allSatisfy { labels[$0.key] == $0.value } }?.admission
      ?? admission
  }
}
