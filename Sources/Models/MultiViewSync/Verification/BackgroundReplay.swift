import Compute
import Datasets
import FileFormats
import Training

/// Replays what is done with a folder's pictures: median background, mask, box; and which instants make a pair.
struct BackgroundReplay: MultiViewSyncReplay {
  private let reference: ReferenceFile

  init(_ reference: ReferenceFile) { self.reference = reference }

  func compute() throws -> [(name: String, tensor: HostTensor)] {
    let stored = try reference.contents.tensor("input/frames", shape: [nil, nil, nil, 3])
    guard stored.type == .uint8 else {
      throw ComputeError(
        .data, what: "\(reference.source): input/frames holds \(stored.type.rawValue)", why: "pixels are bytes (U8)",
        mend: "make the file with the reference program")
    }
    let (count, height, width) = (stored.shape[0], stored.shape[1], stored.shape[2])
    let pixels = [UInt8](stored.data)
    let size = height * width * 3
    let frames = (0..<count).map {
      Image(width: width, height: height, pixels: Array(pixels[$0 * size..<($0 + 1) * size]))
    }
    let background = try MedianPicture.make(of: count) { frames[$0] }
    let masks = frames.map { PersonMask(of: $0, background: background) }
    let boxes = masks.map { PersonBox(around: $0) }
    let masked = zip(frames, masks).flatMap { frame, mask in
      frame.pixels.indices.map { frame.pixels[$0] * mask.pixels[$0 / 3] }
    }
    return [
      ("output/background", HostTensor(background.pixels, shape: [height, width, 3])),
      ("output/mask", HostTensor(masks.flatMap(\.pixels), shape: [count, height, width])),
      ("output/masked", HostTensor(masked, shape: stored.shape)),
      (
        "output/box",
        HostTensor(boxes.flatMap { [Float($0.centre.x), Float($0.centre.y), Float($0.side)] }, shape: [count, 3])
      ),
      ("output/admissible", try admissible()),
    ]
  }

  /// `[anchors, frames]`: 1 where an instant and the anchor's make an unsynchronized pair.
  private func admissible() throws -> HostTensor {
    let kept = try reference.contents.tensor("input/kept_frames", shape: [nil]).int32s().map { Int($0) }
    let anchors = try reference.contents.tensor("input/anchor_frames", shape: [nil]).int32s().map { Int($0) }
    // The table is as wide as the file's: all frames of a take of 400.
    let width = 400
    let gap = TimeGap.pretext(framesPerSecond: TimeGap.publishedRate)
    var table = [UInt8](repeating: 0, count: anchors.count * width)
    for (row, anchor) in anchors.enumerated() {
      guard let position = kept.firstIndex(of: anchor) else { continue }
      for frame in gap.partners(of: position, in: kept).map({ kept[$0] }) where frame < width {
        table[row * width + frame] = 1
      }
    }
    return HostTensor(table, shape: [anchors.count, width])
  }

  /// Pixels and tables are exact, boxes within 1e-3 pixels.
  func rows(_ key: String, computed: HostTensor?, _ reference: HostTensor) -> [VerificationRow] {
    guard key.hasPrefix("output/") else { return [] }
    let isBox = key == "output/box"
    return [
      VerificationRow(
        key, computed: computed, reference: reference, isBox ? .greatestDifference : .exact,
        tolerance: isBox ? 1e-3 : 0)
    ]
  }
}
