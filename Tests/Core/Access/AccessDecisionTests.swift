import Access
import Model
import Testing

@Suite struct `Access decisions` {
  @Test(arguments: Action.allCases)
  func `an administrator may do everything, and the reason names him`(_ action: Action) {
    let decision = decision(for: .administrator(name: "root"), to: action, on: nil)
    #expect(decision == .allowed(because: "root is an administrator"))
  }

  @Test(arguments: Action.allCases)
  func `without a credential nothing is allowed`(_ action: Action) {
    let target = ResourceRef(fqn: "organizations/acme")
    let decision = decision(for: .anonymous, to: action, on: target)
    #expect(!decision.isAllowed)
    #expect(decision.reason.contains("organizations/acme"))
  }
}
