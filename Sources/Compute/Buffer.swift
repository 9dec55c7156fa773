import Synchronization

/// A piece of device memory, handed back to its device's pool when the last reference goes.
///
/// Backends subclass it with their own handle. The version counts writes: a pullback that saved a view
/// of this buffer can tell that somebody wrote to it since.
open class Buffer: @unchecked Sendable {
  public let byteCount: Int
  private let writes = Atomic<Int>(0)

  public init(byteCount: Int) { self.byteCount = byteCount }

  /// How many times an operation has written to this buffer.
  public var version: Int { writes.load(ordering: .relaxed) }

  /// Called by a device for every buffer that an operation writes to.
  public func markWritten() { writes.wrappingAdd(1, ordering: .relaxed) }
}
