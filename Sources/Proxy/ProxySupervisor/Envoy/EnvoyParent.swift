/// What stands between `rialto proxy` and its Envoy.
///
/// An Envoy with hot restart has Linux end it when its parent dies, and ours is to go on when
/// `rialto proxy` is killed. So its parent is a shell that does nothing but wait: it says which
/// process Envoy is, passes a request to end on, and ends as Envoy ended.
enum EnvoyParent {
  static let executable = "/bin/sh"

  private static let script = """
    "$@" >&2 & envoy=$!
    trap 'kill $envoy' TERM
    echo $envoy
    exec >&-
    wait $envoy; status=$?
    while kill -0 $envoy 2>/dev/null; do wait $envoy; status=$?; done
    exit $status
    """

  /// Whose arguments these are is what the process list shows.
  static func arguments(envoy: String, _ arguments: [String]) -> [String] {
    ["-c", script, "rialto-envoy", envoy] + arguments
  }
}
