private import Foundation

/// What a process can see of the thing that it runs in.
package struct Surroundings: Sendable {
  package var environment: [String: String]
  /// Whether there is a file of that name.
  package var hasFile: @Sendable (String) -> Bool
  /// The text of `/proc/1/cgroup`, empty when it cannot be read.
  package var controlGroups: String

  package init(
    environment: [String: String], hasFile: @escaping @Sendable (String) -> Bool,
    controlGroups: String
  ) {
    self.environment = environment
    self.hasFile = hasFile
    self.controlGroups = controlGroups
  }

  /// vm, container or pod: everything without the marks of the others counts as a virtual machine.
  package var platform: String {
    if environment["KUBERNETES_SERVICE_HOST"] != nil || controlGroups.contains("kubepods") {
      return "pod"
    }
    // Container managers set it for the first process, systemd hands it on.
    if let manager = environment["container"], !manager.isEmpty { return "container" }
    if ["/.dockerenv", "/run/.containerenv"].contains(where: hasFile) { return "container" }
    let managers = ["docker", "containerd", "libpod", "lxc", "runc", "crio"]
    return managers.contains(where: controlGroups.contains) ? "container" : "vm"
  }
}

/// vm, container or pod, as this process sees it.
package func machinePlatform() -> String {
  let bytes = (try? readFile(at: "/proc/1/cgroup", limit: 1 << 16)) ?? nil
  return Surroundings(
    environment: ProcessInfo.processInfo.environment,
    hasFile: { FileManager.default.fileExists(atPath: $0) },
    controlGroups: String(decoding: bytes ?? [], as: UTF8.self)
  ).platform
}
