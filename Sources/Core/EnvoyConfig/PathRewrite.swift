import Blueprints
import EnvoyProtos
import SwiftProtobuf

extension PathRewrite {
  func apply(to action: inout RouteAction) {
    action.regexRewrite = .with {
      $0.pattern.regex = pattern
      $0.substitution = substitution
    }
  }
}
