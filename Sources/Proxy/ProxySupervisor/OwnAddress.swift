private import NIOCore
private import NIOPosix

/// The address of this machine from which the agent is reached: the one to be reached at, unless
/// somebody knows better. Sends nothing.
package func ownAddress(towards agent: AgentAddress) async -> String? {
  let channel = try? await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
    .connect(host: agent.host, port: agent.port).get()
  guard let channel else { return nil }
  defer { channel.close(promise: nil) }
  guard let address = channel.localAddress, address.protocol == .inet else { return nil }
  return address.ipAddress
}
