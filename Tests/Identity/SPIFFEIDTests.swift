import Identity
import Testing

struct SPIFFEIDTests {
  @Test(arguments: [
    SPIFFEID.workload(trustDomain: "east.acme.mesh", namespace: "shop", serviceAccount: "orders"),
    SPIFFEID.agent(trustDomain: "east.acme.mesh"),
    SPIFFEID.clusterAgent(organization: "acme", cluster: "east"),
    SPIFFEID.server(organization: "acme"),
  ])
  func `an id of ours is read back as it was written`(id: SPIFFEID) {
    #expect(SPIFFEID(id.text) == id)
  }

  @Test(arguments: [
    "", "spiffe://", "spiffe://east", "spiffe://east/", "spiffe:///ns/a", "SPIFFE://east/a",
    "spiffe://East/a", "spiffe://east/a/", "spiffe://east//a", "spiffe://east/a/../b",
    "spiffe://east/./a", "spiffe://east/a%2Fb", "spiffe://east:80/a", "spiffe://u@east/a",
    "spiffe://east/a?b", "spiffe://east/a#b", "spiffe://-east/a", "spiffe://east./a",
    "spiffe://east/a\u{301}", "spiffe://east/\r\n", "https://east/a",
  ])
  func `text that is no id, or another spelling of one, is refused`(text: String) {
    #expect(SPIFFEID(text) == nil)
  }

  @Test func `a workload and a cluster's agent are told apart by their paths`() throws {
    let workload = SPIFFEID.workload(trustDomain: "td", namespace: "shop", serviceAccount: "web")
    #expect(workload.workload?.namespace == "shop")
    #expect(workload.workload?.serviceAccount == "web")
    #expect(workload.agentCluster == nil)
    let agent = SPIFFEID.clusterAgent(organization: "acme", cluster: "east")
    #expect(agent.text == "spiffe://rialto.acme.mesh/cluster/east/agent")
    #expect(agent.agentCluster == "east")
    #expect(agent.workload == nil)
  }

  @Test func `a namespace with a slash in it does not become another workload`() {
    let id = SPIFFEID.workload(trustDomain: "td", namespace: "a/sa/b", serviceAccount: "c")
    #expect(id.workload == nil)
  }
}
