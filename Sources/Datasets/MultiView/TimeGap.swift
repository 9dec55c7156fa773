/// Which instants of a take count as unsynchronized with another, in frames of the take.
///
/// The published bounds, 4 < |dt| < 128, count frames at 50 per second; a take at another rate has the same stretch of
/// time.
public struct TimeGap: Sendable, Equatable {
  /// Least and greatest number of frames between the two instants.
  public let frames: ClosedRange<Int>

  /// The frame rate in which gaps are published.
  public static let publishedRate = 50.0

  /// Strictly between two numbers of frames at 50 per second: `TimeGap(between: 4, 128, framesPerSecond: 50)` is 5...127.
  ///
  /// A rate so low that no whole frame lies between them gives the empty gap, whose lower bound is 0.
  public init(between low: Int, _ high: Int, framesPerSecond rate: Double) {
    // k frames last k / rate seconds. Products of small whole numbers are exact.
    let first = Int((Double(low) * rate / Self.publishedRate).rounded(.down)) + 1
    let last = Int((Double(high) * rate / Self.publishedRate).rounded(.up)) - 1
    frames = first <= last ? first...last : 0...0
  }

  /// From one number of frames at 50 per second to another, both included, without 0.
  public init(from low: Int, through high: Int, framesPerSecond rate: Double) {
    let first = max(1, Int((Double(low) * rate / Self.publishedRate).rounded(.up)))
    let last = Int((Double(high) * rate / Self.publishedRate).rounded(.down))
    frames = first <= last ? first...last : 0...0
  }

  /// The gap of pre-training.
  public static func pretext(framesPerSecond rate: Double) -> TimeGap {
    TimeGap(between: 4, 128, framesPerSecond: rate)
  }

  var isEmpty: Bool { frames.upperBound == 0 }

  /// Positions in a list of frames, in ascending order: a stretch before an instant and one after it.
  public struct Partners: RandomAccessCollection, Sendable {
    public let before, after: Range<Int>

    public var startIndex: Int { 0 }
    public var endIndex: Int { before.count + after.count }

    public subscript(number: Int) -> Int {
      number < before.count ? before.lowerBound + number : after.lowerBound + number - before.count
    }
  }

  /// Positions in an ascending list of frames that lie at this gap from one of them.
  public func partners(of position: Int, in list: [Int]) -> Partners {
    guard !isEmpty else { return Partners(before: 0..<0, after: 0..<0) }
    let frame = list[position]
    func lowerBound(_ value: Int) -> Int {
      var (low, high) = (0, list.count)
      while low < high {
        let middle = (low + high) / 2
        if list[middle] < value { low = middle + 1 } else { high = middle }
      }
      return low
    }
    return Partners(
      before: lowerBound(frame - frames.upperBound)..<lowerBound(frame - frames.lowerBound + 1),
      after: lowerBound(frame + frames.lowerBound)..<lowerBound(frame + frames.upperBound + 1))
  }
}
