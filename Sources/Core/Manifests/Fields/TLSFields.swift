/// What TLS servers and TLS clients are told.
enum TLSFields {
  static let client = FieldType.object(
    Shape(
      [
        Field(
          "mode", .choice(["DISABLED", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"]),
          "Whether the connection is encrypted, and who proves who it is.", absent: "DISABLED"),
        Field("secretName", .text(.secretName), "The secret that holds the certificates."),
        Field(
          "files",
          .fields([
            Field("clientCertificate", .text(.filePath), "The certificate to show."),
            Field("privateKey", .text(.filePath), "Its private key."),
            Field("caCertificates", .text(.filePath), "The authorities that are believed."),
          ]), "Where the certificates are on the machine."),
        Field("subjectAltNames", .texts, "The names of which the peer has to show one."),
      ], atMostOne: ["secretName", "files"]))

  static let modes = ["DISABLED", "SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"]

  private static let versions = ["TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3"]

  static let server = FieldType.object(
    Shape(
      [
        Field(
          "mode", .choice(modes),
          "SIMPLE: the server has a certificate. MUTUAL: clients too. OPTIONAL_MUTUAL, which no "
            + "gateway serves yet: those that have one.", absent: "DISABLED"),
        .later(
          "secretName", .text(.secretName),
          "The secret that holds the certificates. A server that needs one is not served yet."),
        Field(
          "files",
          .fields([
            Field(
              "serverCertificate", .text(.filePath),
              "The certificate chain on the gateway's machine."),
            Field("privateKey", .text(.filePath), "The private key on the gateway's machine."),
            Field(
              "caCertificates", .text(.filePath),
              "With MUTUAL: the authorities of clients, on the gateway's machine."),
          ]), "Where certificate and key are."),
        .later("cipherSuites", .texts, "The cipher suites that may be used."),
        .later(
          "minProtocolVersion", .choice(versions), "The oldest version of TLS.",
          absent: "TLS_AUTO"),
        .later(
          "maxProtocolVersion", .choice(versions), "The newest version of TLS.",
          absent: "TLS_AUTO"),
        .later("subjectAltNames", .texts, "The names of which clients have to show one."),
      ], atMostOne: ["secretName", "files"]))
}
