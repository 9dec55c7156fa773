import Compute
import Foundation
import Synchronization

/// A profiler that adds up launches of one name and one amount of work.
final class KernelTally: Profiler {
  private struct Work: Hashable {
    let name: String
    let flop, byteCount: Int
  }
  private struct Total {
    var launches = 0
    var seconds = 0.0
  }

  private let totals = Mutex<[Work: Total]>([:])

  func record(_ launch: LaunchRecord) {
    totals.withLock {
      let work = Work(name: launch.name, flop: launch.flop, byteCount: launch.byteCount)
      $0[work, default: Total()].launches += 1
      $0[work, default: Total()].seconds += Double(launch.end - launch.begin) / 1e9
    }
  }

  /// Most time first; what takes less than a thousandth of all is summed up in a last line.
  var table: String {
    let all = totals.withLock { $0 }.sorted {
      ($0.value.seconds, $1.key.name, $1.key.flop) > ($1.value.seconds, $0.key.name, $0.key.flop)
    }
    let seconds = all.reduce(0) { $0 + $1.value.seconds }
    let shown = all.prefix { $0.value.seconds >= seconds / 1000 }
    let rest = all.dropFirst(shown.count)
    func number(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
    func line(_ name: String, _ cells: String...) -> String {
      zip(cells, [9, 10, 10, 11, 7, 9, 8]).reduce(name.padding(toLength: 34, withPad: " ", startingAt: 0)) {
        $0 + String(repeating: " ", count: max($1.1 - $1.0.count, 1)) + $1.0
      } + "\n"
    }
    var text = line("kernel", "launches", "MFLOP each", "MB each", "ms", "%", "GFLOP/s", "GB/s")
    for (work, total) in shown {
      func rate(_ count: Int) -> String { number(Double(count * total.launches) / total.seconds / 1e9, 0) }
      text += line(
        work.name, "\(total.launches)", number(Double(work.flop) / 1e6, 1), number(Double(work.byteCount) / 1e6, 1),
        number(total.seconds * 1000, 3), number(100 * total.seconds / seconds, 1), rate(work.flop),
        rate(work.byteCount))
    }
    let left = rest.reduce(into: Total()) { sum, entry in
      sum.launches += entry.value.launches
      sum.seconds += entry.value.seconds
    }
    if left.launches > 0 {
      text += line(
        "\(rest.count) more", "\(left.launches)", "", "", number(left.seconds * 1000, 3),
        number(100 * left.seconds / seconds, 1))
    }
    return text + line("all", "\(all.reduce(0) { $0 + $1.value.launches })", "", "", number(seconds * 1000, 3))
  }
}
