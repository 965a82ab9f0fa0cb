import Documents

/// A certificate and its key that belong to nobody, for configurations that Envoy only checks.
enum TestCertificate {
  static let chain = """
    -----BEGIN CERTIFICATE-----
    MIIB6TCCAZCgAwIBAgIUaBViJVT0FcRlP/QfGAI8VdN2+4UwCgYIKoZIzj0EAwIw
    GjEYMBYGA1UEAwwPYWxwaGEuYWNtZS5tZXNoMCAXDTI2MTEyNTIwMDUyNloYDzIx
    MjYxMTAxMjAwNTI2WjARMQ8wDQYDVQQDDAZvcmRlcnMwWTATBgcqhkjOPQIBBggq
    hkjOPQMBBwNCAATOBW56LlFVHgWBmfFZPv4sEelfdSu6B7y8MYs9+m3jU4zKwgoT
    3D/fvPMxhM27USg+Dz5hjpuAzrZSBkxN8dNso4G6MIG3MDgGA1UdEQEB/wQuMCyG
    KnNwaWZmZTovL2FscGhhLmFjbWUubWVzaC9ucy9zaG9wL3NhL29yZGVyczAOBgNV
    HQ8BAf8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEGCCsGAQUFBwMCMAwGA1Ud
    EwEB/wQCMAAwHQYDVR0OBBYEFFCxfIn+otjAh4w32Pt08Esb8rMUMB8GA1UdIwQY
    MBaAFH7FI/1W1juLD+9k7FyFk2qztqoJMAoGCCqGSM49BAMCA0cAMEQCIAzv3UVw
    pU9g9WZCVNMcQIFY7/fFQoeUNmscsel3XRyeAiB5+mAyfbTiYStduUEgt9vzi6j2
    Cr9hCrvA9DPqNq0zYw==
    -----END CERTIFICATE-----
    """

  static let key = """
    -----BEGIN EC PRIVATE KEY-----
    MHcCAQEEICIDqUSZUWyRVBgW5zM7lu2OXMVYPDPPzTNxS7/UNHLXoAoGCCqGSM49
    AwEHoUQDQgAEzgVuei5RVR4FgZnxWT7+LBHpX3Uruge8vDGLPfpt41OMysIKE9w/
    37zzMYTNu1EoPg8+YY6bgM62UgZMTfHTbA==
    -----END EC PRIVATE KEY-----
    """

  /// The secret that `rialto proxy` adds to what its Envoy gets.
  static let secret: Document = [
    "name": "workload",
    "tls_certificate": [
      "certificate_chain": ["inline_string": .string(chain)],
      "private_key": ["inline_string": .string(key)],
    ],
  ]
}
