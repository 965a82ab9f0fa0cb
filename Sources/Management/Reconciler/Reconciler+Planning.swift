package import Compiler
import Publication
import Storage
import Streams

extension Reconciler {
  /// The compiler as it is once `revision` is compiled: a value of its own, to try changes on. nil when
  /// that takes longer than `limit`.
  package func compiler(
    knowing revision: Int64, within limit: Duration = .seconds(10)
  ) async -> IncrementalCompiler? {
    let publication = publication
    let isKnown = await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        for await _ in publication.changes.values() where publication.compiledRevision >= revision {
          return true
        }
        return false
      }
      group.addTask {
        try? await Task.sleep(for: limit)
        return false
      }
      defer { group.cancelAll() }
      return await group.next() ?? false
    }
    return isKnown ? current : nil
  }
}
