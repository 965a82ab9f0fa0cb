import Blueprints
import Compiler
import Documents
import IstioConfig
import Manifests
import Model
import TestSupport
import Testing

@Suite struct `Istio configuration, recorded` {
  static let cases = GoldenCase.all(of: "IstioConfig")

  @Test func `there are cases`() { #expect(Self.cases.count >= 6) }

  /// `UPDATE_GOLDEN=1` records what comes out: per cluster the objects, and above them what Istio
  /// cannot express.
  @Test(arguments: cases) func `a case comes out as recorded`(golden: GoldenCase) throws {
    let translations = try golden.istioTranslations()
    #expect(!translations.isEmpty)
    for (cluster, translation) in translations {
      let warnings = translation.warnings.map { "# \($0.key.text): \($0.message)\n" }.joined()
      let text = warnings + Manifests.yaml(translation.objects.map(\.document))
      let file = "istio-\(cluster).yaml"
      #expect(try golden.recorded(file, updatingTo: text) == text, "\(golden)/\(file)")
    }
  }

  @Test(arguments: cases) func `has only fields that Istio knows`(golden: GoldenCase) throws {
    for translation in try golden.istioTranslations().values {
      #expect(translation.objects.flatMap(IstioFields.problems) == [])
    }
  }

  @Test(arguments: cases) func `holds together`(golden: GoldenCase) throws {
    for translation in try golden.istioTranslations().values {
      #expect(IstioReferences(translation.objects).problems == [])
    }
  }
}

extension GoldenCase {
  /// By cluster.
  func istioTranslations() throws -> [String: IstioTranslation] {
    let inventory = try inventory()
    return compile(try intent(), against: inventory).blueprints.reduce(into: [:]) {
      let (cluster, blueprint) = $1
      let services = inventory.clusters[cluster]?.services ?? [:]
      let healthy = services.map { name, observed in
        (ItemKey.service(namespace: name.namespace, name: name.name), observed.healthyWorkloads)
      }
      $0[cluster] = istioTranslation(
        of: blueprint.items.mapValues(\.item),
        healthy: Dictionary(healthy, uniquingKeysWith: { first, _ in first }))
    }
  }
}
