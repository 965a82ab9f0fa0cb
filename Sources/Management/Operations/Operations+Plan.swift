package import Compiler
import Model
import Planner
import Publication
import Storage

/// Works out what a change would do, where the compiler is.
package struct Planning: Sendable {
  /// The compiler as it is once it knows a revision; nil when that takes too long.
  let compiler: @Sendable (_ revision: Int64) async -> IncrementalCompiler?

  package init(compiler: @escaping @Sendable (_ revision: Int64) async -> IncrementalCompiler?) {
    self.compiler = compiler
  }
}

extension Operations {
  /// What the change, which has been undone, would have changed in blueprints and at proxies.
  func plan(_ committed: Committed) async throws -> MeshPlan? {
    guard let planner else { return nil }
    guard let compiler = await planner.compiler(committed.base.number) else {
      throw OperationError.busy("the newest changes are still being compiled")
    }
    var change = CompilerChange()
    for result in committed.results where result.outcome != .unchanged {
      change.objects.updateValue(
        result.object.flatMap(CurrentObjects.resource(of:)), forKey: result.ref)
    }
    return Planner.plan(change, on: compiler, proxies: publication.proxies().map(PlannedProxy.init))
  }
}

extension PlannedProxy {
  fileprivate init(_ pair: (cluster: String, proxy: ProxyState)) {
    let proxy = pair.proxy
    self.init(
      cluster: pair.cluster, nodeID: proxy.nodeID, role: proxy.role, namespace: proxy.namespace,
      service: proxy.service, serviceAccount: proxy.serviceAccount, labels: proxy.labels)
  }
}
