import Foundation
import Synchronization

/// Where progress is shown: a bar that redraws itself on a terminal, plain lines anywhere else.
public final class Console: Sendable {
  public let isTerminal: Bool
  public let usesColour: Bool
  private let descriptor: Int32
  private let bar = Mutex("")

  /// Standard error. Colours need a terminal, and the NO_COLOR variable switches them off.
  public static func standardError() -> Console {
    let environment = ProcessInfo.processInfo.environment
    let isTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    return Console(
      descriptor: STDERR_FILENO, isTerminal: isTerminal,
      usesColour: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty)
  }

  public init(descriptor: Int32, isTerminal: Bool, usesColour: Bool) {
    self.descriptor = descriptor
    self.isTerminal = isTerminal
    self.usesColour = usesColour
  }

  /// A line of text, above the bar if one is shown.
  public func print(_ line: String) {
    bar.withLock { bar in
      put(bar.isEmpty ? line + "\n" : "\r\u{1B}[K\(line)\n\(bar)")
    }
  }

  /// Redraws the bar; nothing happens where there is no terminal.
  public func show(_ progress: Progress) {
    guard isTerminal else { return }
    bar.withLock { bar in
      bar = progress.line(width: width(), usesColour: usesColour)
      put("\r\u{1B}[K" + bar)
    }
  }

  /// Removes the bar.
  public func clear() {
    bar.withLock { bar in
      if !bar.isEmpty { put("\r\u{1B}[K") }
      bar = ""
    }
  }

  private func put(_ text: String) {
    _ = text.withCString { Foundation.write(descriptor, $0, strlen($0)) }
  }

  private func width() -> Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// How far a stage of a run has come.
public struct Progress: Sendable, Equatable {
  /// "cascade epoch 3/15".
  public var title: String
  public var done, total: Int
  public var stepsPerSecond: Double
  public var loss: Double?

  public init(title: String, done: Int, total: Int, stepsPerSecond: Double, loss: Double?) {
    self.title = title
    self.done = done
    self.total = total
    self.stepsPerSecond = stepsPerSecond
    self.loss = loss
  }

  /// One line of at most `width` columns: title, bar, share, rate, loss, time left.
  func line(width: Int, usesColour: Bool) -> String {
    let share = total == 0 ? 1 : Double(done) / Double(total)
    var numbers = String(format: " %3.0f%%  %.2f step/s", 100 * share, stepsPerSecond)
    if let loss { numbers += String(format: "  loss %.4g", loss) }
    if stepsPerSecond > 0 { numbers += "  " + Self.duration(Double(total - done) / stepsPerSecond) + " left" }
    let room = width - title.count - numbers.count - 4
    guard room >= 4 else { return String((title + numbers).prefix(max(width - 1, 0))) }
    let barWidth = min(room, 30)
    let filled = Int((share * Double(barWidth)).rounded(.down))
    let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: barWidth - filled)
    return usesColour ? "\(title) \u{1B}[36m[\(bar)]\u{1B}[0m\(numbers)" : "\(title) [\(bar)]\(numbers)"
  }

  /// "59 s", "3 min 05 s", "2 h 10 min".
  public static func duration(_ seconds: Double) -> String {
    let total = Int(seconds.rounded())
    if total < 60 { return "\(total) s" }
    if total < 3600 { return String(format: "%d min %02d s", total / 60, total % 60) }
    return String(format: "%d h %02d min", total / 3600, total / 60 % 60)
  }
}
