private import NIOCore
private import NIOPosix

/// Lets the event loops that carry this process's connections run its tasks too, in place of
/// Swift's own pool of threads: what comes in over a connection is then handled and answered on the
/// thread that read it. Call it once, before the first task is made, in a process whose work is
/// many small messages; work that computes for long belongs into `offloaded`, because it would keep
/// connections waiting.
///
/// On two cores it takes a fifth off the time that a change needs to reach an Envoy
/// (`rialto-bench propagation`).
package func runTasksOnEventLoops() {
  // False only where there is no such hook, and then all is as usual.
  NIOSingletons.unsafeTryInstallSingletonPosixEventLoopGroupAsConcurrencyGlobalExecutor()
}
