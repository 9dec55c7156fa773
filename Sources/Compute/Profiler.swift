/// One operation as a profiler sees it.
public struct LaunchRecord: Sendable {
  public let name: String
  public let flop: Int
  public let byteCount: Int
  /// Nanoseconds on the device's own clock.
  public let begin: UInt64
  public let end: UInt64

  public init(name: String, flop: Int, byteCount: Int, begin: UInt64, end: UInt64) {
    self.name = name
    self.flop = flop
    self.byteCount = byteCount
    self.begin = begin
    self.end = end
  }
}

/// Receives a record of every launch; see `ChromeTrace`.
public protocol Profiler: AnyObject, Sendable {
  func record(_ launch: LaunchRecord)
}
