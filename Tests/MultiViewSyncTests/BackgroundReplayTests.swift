import Compute
import FileFormats
import TestSupport
import Testing
import Training

@testable import MultiViewSync

/// Backgrounds, masks, boxes and gaps of a tiny folder, worked out by hand.
@Suite struct BackgroundReplayTests {
  /// Three pictures of 4 x 2 pixels on grey; in the second, the pixel in row 1, column 2 is red.
  private var file: Safetensors {
    var frames = [UInt8](repeating: 100, count: 3 * 2 * 4 * 3)
    let person = (1 * 8 + 6) * 3
    frames[person] = 150
    // A difference of just 30 is no person.
    frames[person + 3] = 130
    return Safetensors(
      metadata: ["model": "multiview-sync", "mode": "background"],
      tensors: [
        "input/frames": HostTensor(frames, shape: [3, 2, 4, 3]),
        "input/kept_frames": HostTensor([1, 5, 6, 133, 134].map { Int32($0) }),
        "input/anchor_frames": HostTensor([1, 133].map { Int32($0) }),
      ])
  }

  @Test func everyStep() throws {
    let computed = try MultiViewSyncVerification(file, .float32, on: Devices.each[0].device).compute()
    #expect(try #require(computed["output/background"]).doubles() == [Double](repeating: 100, count: 24))
    var mask = [Double](repeating: 0, count: 24)
    mask[8 + 6] = 1
    #expect(try #require(computed["output/mask"]).doubles() == mask)
    let masked = try #require(computed["output/masked"]).doubles()
    #expect(masked[42..<45].elementsEqual([150, 100, 100]) && masked.reduce(0, +) == 350)
    // One pixel: its middle, 1.25 times its side; without a person the middle of the picture.
    #expect(
      try #require(computed["output/box"]).doubles() == [2, 1, 2] + [2.5, 1.5, 1.25] + [2, 1, 2])
    let table = try #require(computed["output/admissible"]).doubles()
    #expect((0..<400).filter { table[$0] == 1 } == [6])
    #expect((0..<400).filter { table[400 + $0] == 1 } == [6])
  }
}
