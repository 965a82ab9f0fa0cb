package import Documents

/// Envoy's first configuration: who it is, where its discovery server and its administration are.
/// Everything else comes from the discovery server.
package struct Bootstrap: Hashable, Sendable {
  package var nodeID: String
  /// `<service>.<namespace>`, for statistics.
  package var cluster: String
  package var discoverySocket: String
  package var administrationSocket: String

  package init(
    nodeID: String, cluster: String, discoverySocket: String, administrationSocket: String
  ) {
    self.nodeID = nodeID
    self.cluster = cluster
    self.discoverySocket = discoverySocket
    self.administrationSocket = administrationSocket
  }

  private static let discoveryCluster = "rialto-proxy"

  package var document: Document {
    [
      "node": ["id": .string(nodeID), "cluster": .string(cluster)],
      // 384 is 0600.
      "admin": ["address": ["pipe": ["path": .string(administrationSocket), "mode": 384]]],
      "dynamic_resources": [
        "ads_config": [
          "api_type": "DELTA_GRPC", "transport_api_version": "V3",
          "set_node_on_first_message_only": true,
          "grpc_services": [["envoy_grpc": ["cluster_name": .string(Self.discoveryCluster)]]],
        ],
        "cds_config": Self.fromDiscovery, "lds_config": Self.fromDiscovery,
      ],
      "static_resources": ["clusters": [discoveryCluster]],
      "layered_runtime": ["layers": [["name": "admin", "admin_layer": [:]]]],
      "overload_manager": [
        "resource_monitors": [
          [
            "name": "envoy.resource_monitors.global_downstream_max_connections",
            "typed_config": [
              "@type": .string(
                Self.extensions
                  + "resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"),
              "max_active_downstream_connections": 50_000,
            ],
          ]
        ]
      ],
      "application_log_config": [
        "log_format": [
          "json_format": [
            "time": "%Y-%m-%dT%T.%eZ", "level": "%l", "logger": "envoy.%n", "message": "%j",
          ]
        ]
      ],
    ]
  }

  private static let extensions = "type.googleapis.com/envoy.extensions."

  private static let fromDiscovery: Document = [
    "ads": [:], "resource_api_version": "V3", "initial_fetch_timeout": "15s",
  ]

  private var discoveryCluster: Document {
    [
      "name": .string(Self.discoveryCluster), "type": "STATIC", "connect_timeout": "1s",
      "typed_extension_protocol_options": [
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": [
          "@type": .string(Self.extensions + "upstreams.http.v3.HttpProtocolOptions"),
          "explicit_http_config": ["http2_protocol_options": [:]],
        ]
      ],
      "load_assignment": [
        "cluster_name": .string(Self.discoveryCluster),
        "endpoints": [
          [
            "lb_endpoints": [
              ["endpoint": ["address": ["pipe": ["path": .string(discoverySocket)]]]]
            ]
          ]
        ],
      ],
    ]
  }
}
