import Compute
import FileFormats
import Foundation
import Synchronization

/// A profiler that keeps every launch and writes them in Chrome's trace format, as `chrome://tracing` and
/// Perfetto show it.
public final class ChromeTrace: Profiler {
  private let launches = Mutex<[LaunchRecord]>([])

  public init() {}

  public func record(_ launch: LaunchRecord) { launches.withLock { $0.append(launch) } }

  /// The trace so far. Times count from the first launch, in microseconds.
  public func json() throws -> Data {
    let records = launches.withLock { $0 }
    let start = records.map(\.begin).min() ?? 0
    let events = records.map { launch in
      Event(
        name: launch.name, ts: Double(launch.begin - start) / 1000, dur: Double(launch.end - launch.begin) / 1000,
        args: ["flop": launch.flop, "bytes": launch.byteCount])
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try encoder.encode(Trace(traceEvents: events))
  }

  /// Writes the trace to a file.
  public func write(to path: String) throws { try AtomicFile.write(json(), to: URL(fileURLWithPath: path)) }

  // The format's own keys: ph "X" is a complete event, ts and dur are microseconds.
  private struct Event: Encodable {
    let name: String
    var ph = "X"
    let ts, dur: Double
    var pid = 1
    var tid = 1
    let args: [String: Int]
  }
  private struct Trace: Encodable { let traceEvents: [Event] }
}
