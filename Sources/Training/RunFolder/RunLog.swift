import Foundation
import Logging
import Synchronization

/// A swift-log handler that writes lines with their time to a run's log.txt and shows them on the console.
public struct RunLog: LogHandler {
  public var metadata: Logger.Metadata = [:]
  public var logLevel: Logger.Level = .info
  private let sink: Sink

  /// A logger for a run. A log that cannot be written never stops a run; checkpoints and metrics do.
  public static func logger(_ folder: RunFolder, console: Console) -> Logger {
    let sink = Sink(path: folder.log, console: console)
    return Logger(label: "contrapposto") { _ in RunLog(sink: sink) }
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  // Newer compilers resolve a swift-log whose handlers take one event.
  #if compiler(>=6.2)
    public func log(event: LogEvent) { sink.write("\(event.message)", level: event.level) }
  #else
    public func log(
      level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?, source: String, file: String,
      function: String, line: UInt
    ) {
      sink.write("\(message)", level: level)
    }
  #endif

  private final class Sink: Sendable {
    private let descriptor: Int32
    private let console: Console

    init(path: String, console: Console) {
      descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
      self.console = console
    }
    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ message: String, level: Logger.Level) {
      let stamped = "\(Date().formatted(.iso8601)) \(level) \(message)\n"
      _ = stamped.withCString { Foundation.write(descriptor, $0, strlen($0)) }
      console.print(message)
    }
  }
}
