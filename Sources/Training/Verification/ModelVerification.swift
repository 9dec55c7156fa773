import FileFormats

/// Replays a reference file of one model: what `contrapposto verify` runs.
public protocol ModelVerification {
  /// Everything that the file's kind carries, under its names. It depends on the file's metadata, `input/` and `param/`
  /// tensors alone.
  func compute() throws -> [String: HostTensor]

  /// Compares everything computed with what the file holds.
  func compare(_ computed: [String: HostTensor]) throws -> [VerificationRow]

  /// What a reader of a failed comparison in float32 should know of the file: where the reference program's own float32
  /// run lies beyond the tolerances. nil when it lies within them, or the file does not say.
  var float32Caution: String? { get }
}

extension ModelVerification {
  public var float32Caution: String? { nil }
}
