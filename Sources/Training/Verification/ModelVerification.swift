import FileFormats

/// Replays a reference file of one model: what `contrapposto verify` runs.
public protocol ModelVerification {
  /// Everything that the file's kind carries, under its names. It depends on the file's metadata, `input/` and `param/`
  /// tensors alone.
  func compute() throws -> [String: HostTensor]

  /// Compares everything computed with what the file holds.
  func compare(_ computed: [String: HostTensor]) throws -> [VerificationRow]
}
