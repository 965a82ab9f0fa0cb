/// How requests prove who sends them, and what they may then do.
enum AuthenticationFields {
  private static let jwt = Shape(
    [
      Field("issuer", .text(.line), "Who issues the tokens.", isRequired: true),
      Field("audiences", .texts, "The audiences of which a token needs one.", absent: "any"),
      Field("jwks", .text(.longText), "The keys of the issuer, as text."),
      Field("jwksUri", .text(.line), "Where the keys of the issuer are."),
      Field(
        "fromHeaders",
        .objects([
          Field("name", .text(.headerName), "The header.", isRequired: true),
          Field("prefix", .text(.line), "What stands before the token in it."),
        ]), "Headers that carry the token.", absent: "Authorization with Bearer"),
      Field("fromCookies", .texts, "Cookies that carry the token."),
      Field(
        "outputPayloadToHeader", .text(.headerName), "The header that gets the token's content."),
      Field(
        "outputClaimToHeaders",
        .objects([
          Field("header", .text(.headerName), "The header.", isRequired: true),
          Field("claim", .text(.line), "The claim that it gets.", isRequired: true),
        ]), "Headers that get claims of the token."),
    ], atMostOne: ["jwks", "jwksUri"])

  private static let oidc = Shape([
    Field("clientId", .text(.line), "Who the gateway is to the provider.", isRequired: true),
    Field(
      "clientTokenSecret", .text(.secretName), "The secret with which it proves that.",
      isRequired: true),
    Field(
      "redirectUri", .text(.line), "Where the provider sends people back to.", isRequired: true),
    Field(
      "provider",
      .object(
        Shape(
          [
            Field("issuer", .text(.line), "Who issues the tokens.", isRequired: true),
            Field("authorizationEndpoint", .text(.line), "Where people sign in."),
            Field("tokenEndpoint", .text(.line), "Where codes become tokens."),
            Field("jwksUri", .text(.line), "Where the provider's keys are."),
            Field("jwks", .text(.longText), "The provider's keys, as text."),
            Field("tls", TLSFields.client, "How the provider is connected to."),
          ], atMostOne: ["jwks", "jwksUri"])), "The provider.", isRequired: true),
    Field("authScopes", .texts, "What is asked of the provider."),
    Field(
      "authType", .choice(["DEFAULT_AUTH_TYPE", "URL_ENCODED_BODY", "BASIC_AUTH"]),
      "How the gateway proves who it is.", absent: "DEFAULT_AUTH_TYPE"),
    Field(
      "grantType", .choice(["DEFAULT_GRANT_TYPE", "AUTHORIZATION_CODE"]), "How tokens are got.",
      absent: "DEFAULT_GRANT_TYPE"),
    Field("redirectPathMatcher", .text(.line), "The path that people come back to."),
    Field("signoutPath", .text(.line), "The path that ends a session.", absent: "/signout"),
    Field(
      "useRefreshToken", .boolean, "Whether sessions are renewed without people.",
      absent: "false"),
  ])

  /// `HttpAuthentication`.
  static let http = FieldType.object(
    Shape(
      [
        Field("jwt", .object(jwt), "Tokens of one issuer."),
        Field(
          "rules", .fields([Field("jwt", .list(.object(jwt)), "Tokens of several issuers.")]),
          "Tokens of several issuers."),
        Field("oidc", .object(oidc), "People sign in at a provider."),
        Field(
          "requireJwt", .boolean,
          "false lets requests without a token pass; one with a bad token never does."),
      ], atMostOne: ["jwt", "rules", "oidc"]))

  /// `HttpAuthorization`.
  static let authorization = FieldType.object(
    Shape(
      [
        Field(
          "external",
          .fields([
            Field("uri", .text(.line), "The server that is asked, by gRPC or HTTP."),
            Field("includeRequestHeaders", .texts, "Headers that are sent along."),
            Field("allowedUpstreamHeaders", .texts, "Headers of its answer that are sent on."),
            Field("pathPrefix", .text(.line), "What stands before the path in the question."),
            Field("timeout", .duration, "How long the answer may take.", absent: "1s"),
            Field("tls", TLSFields.client, "How it is connected to."),
          ]), "Another server decides."),
        Field(
          "local",
          .fields([
            Field(
              "rules",
              .objects([
                Field("name", .text(.line), "The rule's name.", isRequired: true),
                Field(
                  "from",
                  .objects([
                    Field(
                      "jwt",
                      .fields([
                        Field("iss", .text(.line), "The issuer."),
                        Field("sub", .text(.line), "The subject."),
                        Field(
                          "other", .map(keys: .line, values: .text(.line)), "Other claims."),
                      ]), "Claims of the token.")
                  ]), "Who may."),
                Field(
                  "to",
                  .objects([
                    Field("paths", .texts, "The paths."), Field("methods", .texts, "The methods."),
                  ]), "What they may."),
              ]), "Who may do what.")
          ]), "Rules decide."),
      ], atMostOne: ["external", "local"]))
}
