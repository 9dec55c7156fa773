import Compute
import FileFormats
import Foundation
import Geometry
import Testing

@testable import Datasets

@Suite struct MultiViewPreparationTests {
  // MARK: Thinning

  /// Positions on a line; a frame stays when it is far enough from the last that stayed.
  @Test func framesStayThatDifferFromTheLastKept() {
    let places = [0.0, 1, 2, 2.5, 3, 10, 10.5, 9, 8]
    func kept(_ threshold: Double) -> [Int] {
      FrameThinning.kept(of: places.count, above: threshold) { abs(places[$0] - places[$1]) }
    }
    #expect(kept(1.5) == [0, 2, 5, 8] && kept(100) == [0] && kept(0) == Array(0..<9) && kept(1) == [0, 2, 5, 8])
    #expect(FrameThinning.kept(of: 0, above: 1) { _, _ in 1 } == [])
    #expect(FrameThinning.kept(of: 1, above: 1) { _, _ in 1 } == [0])
  }

  @Test(arguments: 0..<10) func threeQuartersStay(seed: Int) throws {
    var random = PhiloxGenerator(seed: UInt64(seed), stream: 6)
    // A walk that pauses now and then.
    var (places, place) = ([Double](), 0.0)
    for _ in 0..<400 {
      place += random.uniform() < 0.4 ? 0.01 * random.uniform() : random.uniform(in: 0...2)
      places.append(place)
    }
    func kept(_ threshold: Double) -> Int {
      FrameThinning.kept(of: places.count, above: threshold) { abs(places[$0] - places[$1]) }.count
    }
    // Whatever the search begins with; a step of one frame may be out of reach.
    for first in [0.0, 0.01, 50] {
      let count = kept(try FrameThinning.threshold(total: 400, first: first, keptCount: kept))
      #expect(abs(count - 300) <= 4, "\(count)")
    }
  }

  /// Nothing moves: nothing but the first can stay. Everything always moves: three quarters cannot be had.
  @Test func extremesOfThinningEnd() throws {
    #expect(try FrameThinning.threshold(total: 9, first: 0) { _ in 1 } == 0)
    #expect(try FrameThinning.threshold(total: 9, first: 3) { _ in 9 }.isFinite)
  }

  // MARK: Folder

  @Test func aFolderIsPrepared() throws {
    try TestFolder.with(sequences: [("S1/Walk-1", "train"), ("S9/Walk-1", "test")]) { folder in
      // Three instants in a row without a change, of eight.
      for view in ["left", "right"] {
        for frame in [5, 6] {
          try folder.write(
            TestFolder.picture(0, view == "left" ? 0 : 1, 4), to: "S1/Walk-1/\(view)/\(TestFolder.padded(frame)).ppm")
        }
      }
      let plain = try MultiViewFolder(folder.url)
      let pictures = try plain.sequences.indices.flatMap { sequence in
        try plain.sequences[sequence].frames.map {
          try plain.picture(at: MultiViewPlace(sequence: sequence, view: 1, frame: $0), .none, size: 9, draw: 0)
            .colors
        }
      }
      let outcome = try MultiViewPreparation(folder.url).run()
      #expect((outcome.backgrounds, outcome.boxFiles, outcome.masks) == (4, 4, 0))
      #expect((outcome.instants, outcome.keptInstants) == (8, 6) && outcome.threshold ?? -1 >= 0)
      #expect(
        try PictureFile.read(folder.url.appendingPathComponent("S9/Walk-1/right/background.png"))
          == TestFolder.room(1, 1))
      let corner = TestFolder.corner(3)
      #expect(
        try folder.text("S9/Walk-1/left/boxes.csv").contains("\n3,\(corner.x + 3).0,\(corner.y + 6).0,15.0\n"))
      #expect(try folder.text("S1/Walk-1/frames.csv") == "frame\n1\n2\n3\n4\n7\n8\n")
      #expect(!folder.exists("S9/Walk-1/frames.csv") && !folder.exists("S1/Walk-1/left/masks"))

      // Prepared, it gives the same pictures.
      let data = try MultiViewFolder(folder.url)
      #expect(data.sequences.map(\.frames) == [[1, 2, 3, 4, 7, 8], Array(1...8)])
      let again = try data.sequences.indices.flatMap { sequence in
        try (1...8).map {
          try data.picture(at: MultiViewPlace(sequence: sequence, view: 1, frame: $0), .none, size: 9, draw: 0).colors
        }
      }
      #expect(again == pictures)

      // Again, there is nothing to do; one file lost, one is made.
      #expect(try MultiViewPreparation(folder.url).run() == MultiViewPreparation.Outcome())
      try folder.remove("S1/Walk-1/left/boxes.csv")
      let one = try MultiViewPreparation(folder.url).run()
      #expect((one.backgrounds, one.boxFiles, one.instants) == (0, 1, 0))
      let all = try MultiViewPreparation(folder.url, replaces: true).run()
      #expect((all.backgrounds, all.boxFiles, all.instants) == (4, 4, 8))
      let whole = try MultiViewPreparation(folder.url, thinning: .none, replaces: true).run()
      #expect(whole.instants == 0 && !folder.exists("S1/Walk-1/frames.csv"))
    }
  }

  @Test func masksAreWrittenAndKept() throws {
    try TestFolder.with { folder in
      let outcome = try MultiViewPreparation(folder.url, thinning: .none, writesMasks: true).run()
      #expect(outcome.masks == 32 && outcome.boxFiles == 4 && outcome.instants == 0 && outcome.threshold == nil)
      let mask = try PictureFile.read(folder.url.appendingPathComponent("S2/Walk-1/left/masks/000007.png"))
      #expect(PersonMask(drawn: mask) == PersonMask(of: TestFolder.picture(1, 0, 7), background: TestFolder.room(1, 0)))
      // A corrected mask is nobody's to replace, and moves the box.
      let black = Image(width: 40, height: 30, pixels: [UInt8](repeating: 0, count: 3600))
      try PNG.write(black, to: folder.url.appendingPathComponent("S2/Walk-1/left/masks/000007.png"))
      let again = try MultiViewPreparation(folder.url, thinning: .none, writesMasks: true, replaces: true).run()
      #expect(again.masks == 0 && again.boxFiles == 4)
      #expect(try folder.text("S2/Walk-1/left/boxes.csv").contains("\n7,20.0,15.0,30.0\n"))
    }
  }

  @Test func jointsThinFrames() throws {
    try TestFolder.with(sequences: [("S1/Walk-1", "train")]) { folder in
      // One joint moves by 20 mm per frame, and stands from frame 6 on.
      let rows = (1...8).map { frame in
        "\(frame)," + (0..<51).map { $0 == 30 ? "\(20 * min(frame, 6))" : "1" }.joined(separator: ",")
      }
      try folder.write(rows.joined(separator: "\n"), to: "S1/Walk-1/right/poses.csv")
      let outcome = try MultiViewPreparation(folder.url, thinning: .joints(40)).run()
      #expect(outcome.keptInstants == 3 && outcome.threshold == nil)
      #expect(try folder.text("S1/Walk-1/frames.csv") == "frame\n1\n3\n5\n")
      try folder.write(rows.dropLast().joined(separator: "\n"), to: "S1/Walk-1/right/poses.csv")
      let error = try #require(throws: ComputeError.self) {
        try MultiViewPreparation(folder.url, thinning: .joints(40), replaces: true).run()
      }
      #expect(error.kind == .data && error.what.contains("no view has a pose"))
    }
  }

  @Test func faultsStopThePreparation() throws {
    try TestFolder.with { folder in
      try folder.write("no picture", to: "S2/Walk-1/left/000006.ppm")
      let error = try #require(throws: ComputeError.self) { try MultiViewPreparation(folder.url).run() }
      #expect(error.kind == .data && error.what.contains("S2/Walk-1/left/000006.ppm"))
      #expect(!folder.exists("S1/Walk-1/frames.csv") && !folder.exists("S2/Walk-1/left/background.png"))
    }
  }
}
