/// The tables of people, programs, and what they may do.
enum AccessFields {
  private static let permissions = [
    "READ", "WRITE", "CREATE", "DELETE", "SET_POLICY", "GET_POLICY",
  ]

  static let role = Shape([
    .later(
      "rules",
      .objects([
        Field("permissions", .list(.choice(permissions)), "What is permitted.", isRequired: true),
        Field(
          "types",
          .objects([
            Field("apiGroup", .text(.line), "The API group.", isRequired: true),
            Field("kinds", .texts, "The kinds.", absent: "all of the group"),
            Field(
              "scopedAt",
              .objects([
                Field("apiGroup", .text(.line), "The API group.", isRequired: true),
                Field("kind", .text(.line), "The kind.", isRequired: true),
              ]), "Below which objects."),
          ]), "On what.", absent: "everything"),
      ]), "What those who have it may do.")
  ])

  static let bindings = Shape([
    .later(
      "allow",
      .objects([
        Field("role", .text(.roleName), "The role, as rbac/NAME.", isRequired: true),
        Field(
          "subjects",
          .list(
            .object(
              Shape(
                [
                  Field("user", .text(.fqn), "A user, as FQN."),
                  Field("team", .text(.fqn), "A team, as FQN."),
                  Field("serviceAccount", .text(.fqn), "A service account, as FQN."),
                ], exactlyOne: ["user", "team", "serviceAccount"]))), "Who has it.",
          isRequired: true),
      ]), "Who may do what with the object and everything below it.", isRequired: true)
  ])

  static let user = Shape([
    .later("loginName", .text(.line), "The name with which they sign in.", isRequired: true),
    Field("firstName", .text(.line), "For people.", effect: .descriptive),
    Field("lastName", .text(.line), "For people.", effect: .descriptive),
    Field("email", .text(.line), "For people.", effect: .descriptive),
    .later("providerName", .text(.line), "The identity provider that they come from."),
    .output("lastReconciledGroupsHash", .text(.line), "The groups that were seen last."),
    .output("sourceType", .text(.line), "Where they come from."),
  ])

  static let team = Shape([
    .later("members", .list(.text(.fqn)), "Users and teams, as FQN."),
    .later("oidcGroups", .texts, "Groups of the identity provider that are members."),
    .later("externalMembers", .texts, "Members that are not known here."),
    .later(
      "excludeFromJitReconcile", .boolean, "Whether signing in changes its members.",
      absent: "false"),
    .output("sourceType", .text(.line), "Where it comes from."),
  ])

  static let serviceAccount = Shape([.output("keys", .anything, "Its public keys.")])

  // MARK: OIDC

  /// `OIDCProviderConfig`.
  private static let provider = FieldType.object(
    Shape(
      [
        Field(
          "dynamic",
          .fields([
            Field(
              "configurationUri", .text(.line), "Where the provider describes itself.",
              isRequired: true)
          ]), "The provider describes itself."),
        Field(
          "static",
          .object(
            Shape(
              [
                Field(
                  "authorizationEndpoint", .text(.line), "Where people sign in.", isRequired: true),
                Field(
                  "tokenEndpoint", .text(.line), "Where codes become tokens.", isRequired: true),
                Field("deviceCodeEndpoint", .text(.line), "Where devices get codes."),
                Field("introspectionEndpoint", .text(.line), "Where tokens are checked."),
                Field("jwks", .text(.longText), "The provider's keys, as text."),
                Field("jwksUri", .text(.line), "Where the provider's keys are."),
              ], atMostOne: ["jwks", "jwksUri"])), "What the provider is."),
      ], exactlyOne: ["dynamic", "static"]))

  private static func client(_ name: String, _ doc: String) -> Field {
    Field(
      name,
      .fields([
        Field("clientId", .text(.line), "Who the server is to the provider."),
        Field("providerConfig", provider, "The provider."),
        Field("scopes", .texts, "What is asked of the provider."),
        Field("skipClientIdCheck", .boolean, "Whether tokens of other clients are good."),
      ]), doc)
  }

  private static let joining = FieldType.fields([
    Field("enabled", .boolean, "Whether users are made when they first sign in.", absent: "false"),
    Field("providerName", .text(.line), "What the provider is called."),
    Field("subjectClaim", .text(.line), "The claim that names the user.", absent: "sub"),
    Field("groupsClaim", .text(.line), "The claim that names the groups."),
    Field("verifyBearerSignature", .boolean, "Whether signatures of tokens are checked."),
    Field(
      "groupSync",
      .fields([
        Field(
          "mode", .choice(["OFF", "DRY_RUN", "MEMBERSHIP_ONLY"]),
          "Whether groups change the members of teams.", absent: "OFF"),
        Field("maxDriftWindow", .duration, "How old what is known of groups may be."),
        Field("requireMappedTeam", .boolean, "Whether one needs a team to sign in."),
        Field(
          "googleAdminSdk",
          .fields([
            Field("impersonateSubject", .text(.line), "As whom groups are asked for."),
            Field("scopes", .texts, "What is asked for."),
            Field("serviceAccountSecretRef", .text(.line), "The secret with which they are."),
          ]), "Groups of Google."),
      ]), "What groups of the provider do."),
  ])

  static let oidc = Shape([
    .later(
      "secret", .text(.secret), "The secret with which the server proves who it is, in base64.",
      isRequired: true),
    .later(
      "config",
      .fields([
        Field("clientId", .text(.line), "Who the server is to the provider.", isRequired: true),
        Field(
          "redirectUri", .text(.line), "Where the provider sends people back to.", isRequired: true),
        Field("providerConfig", provider, "The provider.", isRequired: true),
        Field("scopes", .texts, "What is asked of the provider."),
        Field(
          "authorizationParams", .map(keys: .line, values: .text(.line)),
          "What the provider is told besides."),
        Field("maxExpirationSeconds", .count, "How long a session may last, in seconds."),
        Field(
          "offlineAccessConfig",
          .fields([
            client("deviceCodeAuth", "Signing in on another device."),
            client("tokenExchange", "Signing in with a token of somebody else."),
          ]), "Signing in without a browser."),
        Field("jitProvisioning", joining, "Users that come by themselves."),
      ]), "How people sign in.", isRequired: true),
    EnvelopeFields.generation, EnvelopeFields.protection,
  ])
}
