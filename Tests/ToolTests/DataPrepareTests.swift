import Foundation
import Testing

@Suite struct DataPrepareTests {
  /// Two cameras, eight instants: a white square that walks over a grey floor.
  private func write(to folder: String) throws {
    let side = 24
    for view in 0..<2 {
      let place = "\(folder)/set/S1/Walk-1/\(view)"
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      for frame in 0..<8 {
        var pixels = [UInt8](repeating: 60, count: side * side * 3)
        for y in 6..<16 {
          for x in 3 * (2 * frame)..<3 * (2 * frame + 5) { pixels[3 * y * side + x] = 250 }
        }
        try (Data("P6 \(side) \(side) 255\n".utf8) + pixels).write(
          to: URL(fileURLWithPath: "\(place)/00000\(frame).ppm"))
      }
    }
    try ToolTests.write(
      """
      {"version": 1, "fps": 30, "sequences": [
        {"id": "S1/Walk-1", "subject": "S1", "split": "train", "views": ["0", "1"]}]}
      """, to: folder + "/set/dataset.json")
  }

  @Test func aFolderIsPrepared() throws {
    try withTemporaryFolder { folder in
      try write(to: folder)
      let tool = try Tool.run(["data", "prepare", "set", "--masks"], in: folder)
      #expect(tool.exitCode == 0 && tool.errors.isEmpty, "\(tool.errors)")
      #expect(tool.output.contains("1 sequence of 1 subject, 8 instants, in set\n"))
      #expect(tool.output.contains("wrote 2 backgrounds, 2 files of boxes, 16 masks\n"), "\(tool.output)")
      #expect(tool.output.contains(" of 8 training instants, whose grey changed by more than "))
      let boxes = try String(contentsOfFile: folder + "/set/S1/Walk-1/1/boxes.csv", encoding: .utf8)
      #expect(boxes.hasPrefix("frame,cx,cy,side\n0,2.5,11.0,12.5\n1,4.5,11.0,12.5\n"))
      let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/set/S1/Walk-1/0").sorted()
      #expect(names == (0..<8).map { "00000\($0).ppm" } + ["background.png", "boxes.csv", "masks"])

      let again = try Tool.run(["data", "prepare", "set", "--masks"], in: folder)
      #expect(
        again.output.contains("wrote 0 backgrounds, 0 files of boxes, 0 masks\n") && !again.output.contains("kept"))
      let whole = try Tool.run(["data", "prepare", "set", "--thin", "none", "--replace"], in: folder)
      #expect(whole.output.contains("wrote 2 backgrounds, 2 files of boxes, 0 masks\n"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/set/S1/Walk-1/frames.csv"))
    }
  }

  @Test(arguments: [
    (["nowhere"], Int32(66), "nowhere/dataset.json: no such file"), (["set", "--movement", "0"], 64, "--movement 0"),
    (["set", "--thin", "joints"], 65, "no view has a pose"),
  ])
  func faultsAreNamedInThreeLines(arguments: [String], exitCode: Int32, names: String) throws {
    try withTemporaryFolder { folder in
      try write(to: folder)
      let tool = try Tool.run(["data", "prepare"] + arguments, in: folder)
      #expect(tool.exitCode == exitCode)
      #expect(tool.errors.contains(names), "\(tool.errors)")
      #expect(tool.errors.split(separator: "\n").count == 3, "\(tool.errors)")
    }
  }
}
