private import Crypto
package import DeltaXDS
private import EnvoyProtos
private import Foundation
private import Identity
package import SecureTransport
private import SwiftProtobuf

/// The certificate and key as the secret that every configuration refers to. It is made here and
/// goes to this machine's Envoy only.
package func workloadSecret(_ credentials: Credentials) throws -> Resource {
  var secret = Envoy_Extensions_TransportSockets_Tls_V3_Secret()
  secret.name = workloadSecretName.name
  secret.tlsCertificate.certificateChain.inlineBytes = Data(
    credentials.chain.map(pem).joined().utf8)
  secret.tlsCertificate.privateKey.inlineBytes = Data(credentials.key.pem.utf8)
  let body: [UInt8] = try secret.serializedBytes()
  let digest = SHA256.hash(data: Array(credentials.chain.joined())).prefix(8)
  return Resource(
    name: workloadSecretName, version: digest.map { hexadecimalPair($0) }.joined(), body: body)
}

package let workloadSecretName = ResourceName(.secret, "workload")

private func pem(_ certificate: [UInt8]) -> String {
  let text = Data(certificate).base64EncodedString(options: [
    .lineLength64Characters, .endLineWithLineFeed,
  ])
  return "-----BEGIN CERTIFICATE-----\n\(text)\n-----END CERTIFICATE-----\n"
}

private func hexadecimalPair(_ byte: UInt8) -> String {
  let text = String(byte, radix: 16)
  return byte < 16 ? "0" + text : text
}
