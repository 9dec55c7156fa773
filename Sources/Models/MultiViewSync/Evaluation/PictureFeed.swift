import Datasets
import Layers

/// Shows many pictures to a network, a batch at a time; they are made ahead in the background.
struct PictureFeed: Sendable {
  let recordings: any MultiViewRecordings
  let size: Int
  var batch = 32

  /// Calls `body` with each batch in order.
  ///
  /// - Parameter body: gets `[count, size, size, 3]`, normalised, and which shots they are.
  func show(
    _ shots: [MultiViewShot], on device: any Device, _ body: (_ pictures: Tensor, _ range: Range<Int>) throws -> Void
  ) throws {
    guard !shots.isEmpty else { return }
    let (recordings, size, batch) = (recordings, size, batch)
    let ranges = stride(from: 0, to: shots.count, by: batch).map { $0..<min($0 + batch, shots.count) }
    let producer = BatchProducer(threads: device.information.evaluationBatchThreads) { number -> [Float] in
      guard number < ranges.count else { return [] }
      return try Self.pixels(Array(shots[ranges[number]]), of: recordings, size: size)
    }
    defer { producer.cancel() }
    for range in ranges {
      try body(Tensor(try producer.next(), [range.count, size, size, 3], .float32, on: device), range)
    }
  }

  private static func pixels(
    _ shots: [MultiViewShot], of recordings: any MultiViewRecordings, size: Int
  ) throws -> [Float] {
    let length = size * size * 3
    var pixels = [Float](repeating: 0, count: shots.count * length)
    for (number, shot) in shots.enumerated() {
      PictureNormalization.write(try recordings.picture(at: shot, size: size), into: &pixels, at: number * length)
    }
    return pixels
  }
}
