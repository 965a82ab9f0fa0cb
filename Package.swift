// swift-tools-version: 6.3
import PackageDescription

let package = Package(
  name: "rialto",
  products: [
    .executable(name: "rialto", targets: ["rialto"]),
    .executable(name: "rialto-bench", targets: ["rialto-bench"]),
  ],
  // Alphabetical. Exact, because Package.resolved stays out of the repository.
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
    .package(url: "https://github.com/apple/swift-async-algorithms", exact: "1.1.4"),
    .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
    .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0", traits: []),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/grpc/grpc-swift-2", exact: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", exact: "2.9.2"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", exact: "2.4.1"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
  ],
  targets: [
    // MARK: Core: pure
    .target(name: "Documents", path: "Sources/Core/Documents"),
    .target(name: "Model", dependencies: ["Documents"], path: "Sources/Core/Model"),
    .target(
      name: "Manifests",
      dependencies: ["Documents", "Model", .product(name: "Yams", package: "Yams")],
      path: "Sources/Core/Manifests"),
    .target(
      name: "Inheritance", dependencies: ["Documents", "Model"], path: "Sources/Core/Inheritance"),
    .target(name: "Access", dependencies: ["Model"], path: "Sources/Core/Access"),
    .target(name: "Blueprints", dependencies: ["Documents"], path: "Sources/Core/Blueprints"),
    .target(
      name: "Compiler", dependencies: ["Blueprints", "Documents", "Inheritance", "Model"],
      path: "Sources/Core/Compiler"),
    .target(
      name: "EnvoyConfig",
      dependencies: [
        "Blueprints", "Documents", "EnvoyProtos",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      path: "Sources/Core/EnvoyConfig"),
    .target(
      name: "IstioConfig", dependencies: ["Blueprints", "Documents"],
      path: "Sources/Core/IstioConfig"),

    // MARK: Wire: generated, but for the coding of items
    .target(
      name: "EnvoyProtos",
      dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      path: "Sources/Wire/EnvoyProtos", exclude: ["Protos"]),
    .target(
      name: "DiscoveryProtos",
      dependencies: [
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      path: "Sources/Wire/DiscoveryProtos", exclude: ["Protos"]),
    .target(
      name: "FleetProtos",
      dependencies: [
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      path: "Sources/Wire/FleetProtos", exclude: ["Protos"]),
    .target(
      name: "BlueprintCoding", dependencies: ["Blueprints", "Documents"],
      path: "Sources/Wire/BlueprintCoding"),

    // MARK: Identity
    .target(
      name: "Identity",
      dependencies: [
        "Documents",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      path: "Sources/Identity"),

    // MARK: Support
    .target(name: "Streams", path: "Sources/Support/Streams"),
    .target(name: "CAllocation", path: "Sources/Support/CAllocation"),
    .target(
      name: "Allocation", dependencies: ["CAllocation"], path: "Sources/Support/Allocation"),
    .target(name: "CEmbeddedFiles", path: "Sources/Support/CEmbeddedFiles"),
    .target(
      name: "EmbeddedFiles", dependencies: ["CEmbeddedFiles"], path: "Sources/Support/EmbeddedFiles"
    ),
    .target(
      name: "Databases",
      dependencies: ["EmbeddedFiles", .product(name: "GRDB", package: "GRDB.swift")],
      path: "Sources/Support/Databases"),
    .target(
      name: "SecureTransport",
      dependencies: [
        "Identity",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "NIOCertificateReloading", package: "swift-nio-extras"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      path: "Sources/Support/SecureTransport"),
    .target(
      name: "Telemetry",
      dependencies: ["Documents", .product(name: "Logging", package: "swift-log")],
      path: "Sources/Support/Telemetry"),

    // MARK: Management: the server around the core
    .target(
      name: "Storage",
      dependencies: [
        "Databases", "Documents", "EmbeddedFiles", "Model", "Streams",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      path: "Sources/Management/Storage"),
    .target(
      name: "Publication",
      dependencies: ["Allocation", "BlueprintCoding", "Blueprints", "Documents", "Streams"],
      path: "Sources/Management/Publication"),
    .target(
      name: "Planner",
      dependencies: [
        "BlueprintCoding", "Blueprints", "Compiler", "Documents", "EnvoyConfig", "Model",
      ],
      path: "Sources/Management/Planner"),
    .target(
      name: "Operations",
      dependencies: [
        "Access", "Blueprints", "Compiler", "Documents", "Inheritance", "Manifests", "Model",
        "Planner", "Publication", "Storage", "Streams",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Sources/Management/Operations"),
    .target(
      name: "Reconciler",
      dependencies: [
        "BlueprintCoding", "Blueprints", "Compiler", "Documents", "Manifests", "Model",
        "Publication", "Storage", "Streams",
        .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Sources/Management/Reconciler"),
    .target(
      name: "Fleet",
      dependencies: [
        "Allocation", "BlueprintCoding", "Blueprints", "Documents", "FleetProtos", "Identity",
        "Model", "Publication", "SecureTransport", "Storage", "Streams",
        .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      path: "Sources/Management/Fleet"),
    .target(
      name: "RestAPI",
      dependencies: [
        "Access", "Blueprints", "Compiler", "Documents", "EmbeddedFiles", "Manifests", "Model",
        "Operations", "Planner", "Publication", "SecureTransport", "Storage", "Streams",
        "Telemetry",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdHTTP2", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      path: "Sources/Management/RestAPI"),

    // MARK: Discovery
    .target(
      name: "DeltaXDS",
      dependencies: [
        "Allocation", "DiscoveryProtos", "Documents", "Streams",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      path: "Sources/Discovery/DeltaXDS"),

    // MARK: Agent
    .target(
      name: "AgentStore",
      dependencies: [
        "Databases", "Documents", "EmbeddedFiles", "Streams",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      path: "Sources/Agent/AgentStore"),
    .target(
      name: "ClusterAgent",
      dependencies: [
        "AgentStore", "Allocation", "BlueprintCoding", "Blueprints", "DeltaXDS", "DiscoveryProtos",
        "Documents",
        "EnvoyConfig", "FleetProtos", "Identity", "SecureTransport", "Streams",
        .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      path: "Sources/Agent/ClusterAgent"),

    // MARK: Proxy
    .target(
      name: "ProxySupervisor",
      dependencies: [
        "DeltaXDS", "DiscoveryProtos", "Documents", "EnvoyProtos", "FleetProtos", "Identity",
        "SecureTransport", "Streams",
        .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      path: "Sources/Proxy/ProxySupervisor"),

    // MARK: Command line
    .target(
      name: "ManagementClient",
      dependencies: [
        "Documents", "Manifests", "Model",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      path: "Sources/CLI/ManagementClient"),
    .executableTarget(
      name: "rialto",
      dependencies: [
        "Access", "AgentStore", "Blueprints", "ClusterAgent", "Compiler", "Documents",
        "EnvoyConfig",
        "Fleet", "Identity", "IstioConfig", "ManagementClient", "Manifests", "Model", "Operations",
        "ProxySupervisor", "Publication",
        "Reconciler", "RestAPI", "SecureTransport", "Storage", "Streams", "Telemetry",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      path: "Sources/CLI/rialto"),

    // MARK: Bench and demo
    .executableTarget(
      name: "rialto-bench",
      dependencies: [
        "AgentStore", "ClusterAgent", "DeltaXDS", "Documents", "EnvoyProtos", "FleetProtos",
        "Identity", "ManagementClient", "Model", "ProxySupervisor", "Streams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      path: "Sources/Bench/rialto-bench"),
    .executableTarget(
      name: "shop",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Sources/Demo/shop"),

    // MARK: Tests
    .target(
      name: "TestSupport",
      dependencies: [
        "Documents", "Identity",
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      path: "Tests/TestSupport"),
    .executableTarget(
      name: "rialto-inject",
      dependencies: [
        "Documents", "FleetProtos", "Identity", "Model", "ProxySupervisor", "Storage", "Streams",
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      path: "Tests/EndToEnd/inject"),
    .testTarget(
      name: "CoreTests",
      dependencies: [
        "Access", "Blueprints", "BlueprintCoding", "Compiler", "Documents", "EnvoyConfig",
        "EnvoyProtos", "Identity", "Inheritance", "IstioConfig", "Manifests", "Model",
        "TestSupport",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      path: "Tests/Core"),
    .testTarget(
      name: "IdentityTests",
      dependencies: [
        "Identity", "SecureTransport", "TestSupport",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      path: "Tests/Identity"),
    .testTarget(
      name: "DiscoveryTests",
      dependencies: [
        "DeltaXDS", "DiscoveryProtos", "Streams", "TestSupport",
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCInProcessTransport", package: "grpc-swift-2"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      path: "Tests/Discovery"),
    .testTarget(
      name: "ManagementTests",
      dependencies: [
        "Access", "Allocation", "BlueprintCoding", "Blueprints", "Compiler",
        "Databases", "Documents", "EmbeddedFiles", "Fleet", "FleetProtos", "Identity", "Manifests",
        "Model", "Operations",
        "Planner", "Publication", "Reconciler", "RestAPI", "SecureTransport", "Storage", "Streams",
        "TestSupport",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCInProcessTransport", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      path: "Tests/Management"),
    .testTarget(
      name: "AgentTests",
      dependencies: [
        "AgentStore", "BlueprintCoding", "Blueprints", "ClusterAgent", "DeltaXDS",
        "DiscoveryProtos", "Documents", "EnvoyConfig", "FleetProtos", "Identity",
        "SecureTransport", "Streams", "TestSupport",
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCInProcessTransport", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        .product(name: "X509", package: "swift-certificates"),
      ],
      path: "Tests/Agent"),
    .testTarget(
      name: "ProxyTests",
      dependencies: [
        "DeltaXDS", "DiscoveryProtos", "Documents", "EnvoyProtos", "FleetProtos", "Identity",
        "ProxySupervisor", "SecureTransport", "Streams", "TestSupport",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      path: "Tests/Proxy"),
    .testTarget(
      name: "CLITests",
      dependencies: [
        "Compiler", "Documents", "ManagementClient", "Manifests", "Model", "Operations",
        "Publication", "RestAPI", "Storage", "TestSupport", "rialto",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      path: "Tests/CLI"),
  ],
  cLanguageStandard: .c2x
)

// Generated code and C keep plain settings.
let plain: Set = ["CEmbeddedFiles", "DiscoveryProtos", "EnvoyProtos", "FleetProtos"]
for target in package.targets where !plain.contains(target.name) {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
  ]
}
