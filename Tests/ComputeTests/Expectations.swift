import TestSupport
import Testing

/// Fails with the first difference between two results, if there is one.
func expectNone(_ mismatch: Mismatch?, _ comment: String = "", sourceLocation: SourceLocation = #_sourceLocation) {
  if let mismatch { Issue.record("\(comment) \(mismatch)", sourceLocation: sourceLocation) }
}
