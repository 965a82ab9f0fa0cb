import EnvoyProtos
package import SwiftProtobuf

// Envoy's messages by their own short names, and the one list of those that travel inside `Any`.

typealias Cluster = Envoy_Config_Cluster_V3_Cluster
typealias CircuitBreakers = Envoy_Config_Cluster_V3_CircuitBreakers
typealias TransportSocketMatch = Envoy_Config_Cluster_V3_Cluster.TransportSocketMatch
typealias OutlierDetection = Envoy_Config_Cluster_V3_OutlierDetection
typealias Address = Envoy_Config_Core_V3_Address
typealias CidrRange = Envoy_Config_Core_V3_CidrRange
typealias ConfigSource = Envoy_Config_Core_V3_ConfigSource
typealias DataSource = Envoy_Config_Core_V3_DataSource
typealias TransportSocket = Envoy_Config_Core_V3_TransportSocket
typealias ClusterLoadAssignment = Envoy_Config_Endpoint_V3_ClusterLoadAssignment
typealias LbEndpoint = Envoy_Config_Endpoint_V3_LbEndpoint
typealias Listener = Envoy_Config_Listener_V3_Listener
typealias ListenerFilter = Envoy_Config_Listener_V3_ListenerFilter
typealias FilterChain = Envoy_Config_Listener_V3_FilterChain
typealias NetworkFilter = Envoy_Config_Listener_V3_Filter
typealias RouteConfiguration = Envoy_Config_Route_V3_RouteConfiguration
typealias ScopedRouteConfiguration = Envoy_Config_Route_V3_ScopedRouteConfiguration
typealias VirtualHost = Envoy_Config_Route_V3_VirtualHost
typealias Route = Envoy_Config_Route_V3_Route
typealias RouteMatch = Envoy_Config_Route_V3_RouteMatch
typealias RouteAction = Envoy_Config_Route_V3_RouteAction
typealias RetryPolicy = Envoy_Config_Route_V3_RetryPolicy
typealias RedirectAction = Envoy_Config_Route_V3_RedirectAction
typealias HeaderMatcher = Envoy_Config_Route_V3_HeaderMatcher
typealias StringMatcher = Envoy_Type_Matcher_V3_StringMatcher
typealias HTTPConnectionManager =
  Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager
typealias ScopedRoutes = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_ScopedRoutes
typealias ConfiguredHTTPFilter =
  Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter
typealias HeaderMutation = Envoy_Config_Common_MutationRules_V3_HeaderMutation
typealias HeaderMutationFilter = Envoy_Extensions_Filters_Http_HeaderMutation_V3_HeaderMutation
typealias EarlyHeaderMutation =
  Envoy_Extensions_Http_EarlyHeaderMutation_HeaderMutation_V3_HeaderMutation
typealias HTTPAuthorization = Envoy_Extensions_Filters_Http_Rbac_V3_RBAC
typealias HTTPAuthorizationPerRoute = Envoy_Extensions_Filters_Http_Rbac_V3_RBACPerRoute
typealias Router = Envoy_Extensions_Filters_Http_Router_V3_Router
typealias ConnectionAuthorization = Envoy_Extensions_Filters_Network_Rbac_V3_RBAC
typealias ServerNameCluster = Envoy_Extensions_Filters_Network_SniCluster_V3_SniCluster
typealias TCPProxy = Envoy_Extensions_Filters_Network_TcpProxy_V3_TcpProxy
typealias OriginalDestination = Envoy_Extensions_Filters_Listener_OriginalDst_V3_OriginalDst
typealias TLSInspector = Envoy_Extensions_Filters_Listener_TlsInspector_V3_TlsInspector
typealias AuthorizationAction = Envoy_Config_Rbac_V3_Action
typealias URISubjectInput = Envoy_Extensions_Matching_CommonInputs_Ssl_V3_UriSanInput
typealias Matcher = Xds_Type_Matcher_V3_Matcher
typealias PreviousHosts = Envoy_Extensions_Retry_Host_PreviousHosts_V3_PreviousHostsPredicate
typealias PreviousPriorities =
  Envoy_Extensions_Retry_Priority_PreviousPriorities_V3_PreviousPrioritiesConfig
typealias UpstreamHTTP = Envoy_Extensions_Upstreams_Http_V3_HttpProtocolOptions
typealias UpstreamTLS = Envoy_Extensions_TransportSockets_Tls_V3_UpstreamTlsContext
typealias DownstreamTLS = Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext
typealias CommonTLS = Envoy_Extensions_TransportSockets_Tls_V3_CommonTlsContext
typealias CertificateValidation =
  Envoy_Extensions_TransportSockets_Tls_V3_CertificateValidationContext
typealias Secret = Envoy_Extensions_TransportSockets_Tls_V3_Secret
typealias SecretReference = Envoy_Extensions_TransportSockets_Tls_V3_SdsSecretConfig
typealias SPIFFEValidator = Envoy_Extensions_TransportSockets_Tls_V3_SPIFFECertValidatorConfig
typealias NameRecord = Rialto_Resource_V1_NameRecord

extension EnvoyResourceType {
  /// The messages that we put into `Any` inside of resources.
  package static let embeddedMessages: [any Message.Type] = [
    AuthorizationAction.self, ConnectionAuthorization.self, DownstreamTLS.self,
    EarlyHeaderMutation.self, HTTPAuthorization.self, HTTPAuthorizationPerRoute.self,
    HTTPConnectionManager.self, HeaderMutationFilter.self, OriginalDestination.self,
    PreviousHosts.self, PreviousPriorities.self, Router.self, SPIFFEValidator.self,
    ServerNameCluster.self, TCPProxy.self, TLSInspector.self, URISubjectInput.self,
    UpstreamHTTP.self, UpstreamTLS.self,
  ]

  /// The message that resources of this type are.
  package var message: any Message.Type {
    switch self {
    case .cluster: Cluster.self
    case .endpoints: ClusterLoadAssignment.self
    case .secret: Secret.self
    case .listener: Listener.self
    case .scopedRoutes: ScopedRouteConfiguration.self
    case .routes: RouteConfiguration.self
    case .name: NameRecord.self
    }
  }
}
