package import Documents
package import Model

/// Why a use case was refused. How it looks to a client is RestAPI's business.
package enum OperationError: Error, Sendable {
  /// No credential, or none that is known, whole and not expired.
  case unauthenticated
  case forbidden(reason: String)
  /// Also for what the caller may not know of.
  case missing(what: String)
  case exists(ResourceRef)
  /// The object is not as the caller said it had to be.
  case preconditionFailed(ResourceRef, actual: Revision?)
  /// The caller said twice, and differently, what the object has to be like.
  case contradictoryPreconditions(ResourceRef)
  /// The caller has to say what the object is like, and did not.
  case preconditionRequired(ResourceRef)
  /// The caller planned a change of another revision than there is now.
  case moved(planned: Revision, actual: Revision)
  /// An Idempotency-Key came with another request before.
  case keyReused
  case hasChildren(ResourceRef, child: ResourceRef)
  case protected(ResourceRef)
  /// Everything that is wrong with what was written, at once.
  case rejected([Diagnostic])
  /// A request that makes no sense, whatever is stored.
  case malformed(String)
  /// The pages of a list go on from a revision that is no longer held.
  case revisionGone(Revision)
  /// The agent that would have to answer is not connected.
  case agentAway(cluster: String)
  case agentRefused(String)
  case busy(String)
}
