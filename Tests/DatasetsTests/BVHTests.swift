import Compute
import Foundation
import Geometry
import Testing

@testable import Datasets

@Suite struct BVHTests {
  @Test func channelsMultiplyInTheirOrder() throws {
    let text = """
      HIERARCHY
      ROOT Hips
      {
        OFFSET 1 2 3
        CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
        JOINT Arm
        {
          OFFSET 0 5 0
          CHANNELS 2 Xrotation Yrotation
          End Site
          {
            OFFSET 0 1 0
          }
        }
      }
      MOTION
      Frames: 2
      Frame Time: .0083333
      0 0 0 0 0 0 0 0
      10 20 30 90 0 0 90 90
      """
    let clip = try BVHClip(bytes: [UInt8](text.utf8), name: "two.bvh")
    #expect(clip.frameCount == 2 && clip.channelCount == 8 && clip.frameTime == 0.0083333)
    #expect(clip.joints.map(\.name) == ["Hips", "Arm"] && clip.joints[1].endSite == SIMD3(0, 1, 0))
    let (rotations, positions) = clip.worldTransforms(frame: 1)
    // The root's position channels replace its offset. Rz(90) takes the arm's y offset to -x.
    #expect(positions[0] == SIMD3(10, 20, 30))
    #expect(norm(positions[1] - SIMD3(5, 20, 30)) < 1e-12)
    // Rz(90) Rx(90) Ry(90): z -> x by Ry, stays under Rx, -> y by Rz. Any other order sends it elsewhere.
    #expect(norm(rotations[1] * SIMD3(0, 0, 1) - SIMD3(0, 1, 0)) < 1e-12)
    #expect(norm(rotations[1] * SIMD3(1, 0, 0) - SIMD3(-1, 0, 0) * 0 - rotations[0] * SIMD3(0, 1, 0)) < 1e-12)
  }

  @Test(arguments: [
    ("no hierarchy", "MOTION", "line 1"), ("cut in the hierarchy", "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0", "line 4"),
    ("text for a number", "HIERARCHY\nROOT Hips\n{\nOFFSET 0 x 0", "line 4"),
    ("not a number", "HIERARCHY\nROOT Hips\n{\nOFFSET 0 nan 0", "line 4"),
    ("channel count", "HIERARCHY\nROOT A\n{\nOFFSET 0 0 0\nCHANNELS 3 Xrotation Yrotation\n}", "line 6"),
  ])
  func brokenHierarchyIsToldWithItsLine(name: String, text: String, line: String) {
    expectDataError(containing: line) { try BVHClip(bytes: [UInt8](text.utf8), name: "\(name).bvh") }
  }

  @Test func brokenMotionIsToldWithItsLine() throws {
    let good = TestClips.text(rows: [TestClips.row(seed: 1), TestClips.row(seed: 2)])
    let lines = good.split(separator: "\n", omittingEmptySubsequences: false)
    let first = try #require(lines.firstIndex { $0.hasPrefix("Frame Time") }) + 1
    func read(_ change: (inout [Substring]) -> Void) throws -> BVHClip {
      var changed = lines
      change(&changed)
      return try BVHClip(bytes: [UInt8](changed.joined(separator: "\n").utf8), name: "motion.bvh")
    }
    #expect(try read { _ in }.frameCount == 2)
    expectDataError(containing: "line \(first + 2)") {
      try read {
        $0[first + 1] = Substring($0[first + 1].dropLast(4).split(separator: " ").dropLast().joined(separator: " "))
      }
    }
    expectDataError(containing: "\"NaN\"") {
      try read { $0[first] = "NaN " + $0[first].split(separator: " ").dropFirst().joined(separator: " ") }
    }
    expectDataError(containing: "ends after 1 of 2 frames") { try read { $0.remove(at: first + 1) } }
    expectDataError(containing: "more rows") { try read { $0.insert($0[first], at: first) } }
  }

  @Test func missingFileIsNoInput() {
    do {
      _ = try BVHClip(path: "/nonexistent/clip.bvh")
      Issue.record("a missing file was read")
    } catch {
      #expect((error as? ComputeError)?.kind == .noInput)
    }
  }
}

/// Expects a `ComputeError` of kind `.data` whose text contains `text`, with all three lines filled in.
func expectDataError(
  containing text: String, _ body: () throws -> some Any, at location: SourceLocation = #_sourceLocation
) {
  do {
    _ = try body()
    Issue.record("no error was thrown", sourceLocation: location)
  } catch {
    guard let error = error as? ComputeError else {
      Issue.record("\(error) is no ComputeError", sourceLocation: location)
      return
    }
    #expect(error.kind == .data, sourceLocation: location)
    #expect(error.description.contains(text), "\(error)", sourceLocation: location)
    #expect(!error.why.isEmpty && !error.mend.isEmpty, sourceLocation: location)
  }
}
