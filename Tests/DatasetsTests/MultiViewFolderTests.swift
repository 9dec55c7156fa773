import Compute
import FileFormats
import Foundation
import Geometry
import Testing

@testable import Datasets

@Suite struct MultiViewFolderTests {
  private func fault(_ folder: TestFolder) throws -> ComputeError {
    try #require(throws: ComputeError.self) { try MultiViewFolder(folder.url) }
  }

  private func fault(_ data: MultiViewFolder, _ place: MultiViewPlace) throws -> ComputeError {
    try #require(throws: ComputeError.self) { try data.picture(at: place, .none, size: 8, draw: 0) }
  }

  private let first = MultiViewPlace(sequence: 0, view: 0, frame: 3)

  /// The plain cut-out of a frame's square, when nothing but the square is in the picture.
  private func expected(_ frame: Int, size: Int) -> [Float] {
    var image = Image(
      width: TestFolder.width, height: TestFolder.height,
      pixels: [UInt8](repeating: 0, count: TestFolder.width * TestFolder.height * 3))
    let (whole, corner) = (TestFolder.picture(0, 0, frame), TestFolder.corner(frame))
    for y in corner.y..<corner.y + 12 {
      for x in 3 * corner.x..<3 * (corner.x + 6) {
        image.pixels[3 * y * image.width + x] = whole.pixels[3 * y * image.width + x]
      }
    }
    let box = PersonBox(centre: SIMD2(Double(corner.x) + 3, Double(corner.y) + 6), side: 15)
    return PictureCrop(box: box, change: .none)
      .cut(image, PersonMask(drawn: image), backdrop: nil, size: size).colors
  }

  // MARK: What is there

  @Test func sequencesAreListed() throws {
    try TestFolder.with(sequences: [("S1/Walk-1", "train"), ("S9/Sit-2", "test"), ("S8/a/b", "validation")]) { folder in
      let data = try MultiViewFolder(folder.url)
      #expect(data.sequences.map(\.identifier) == ["S1/Walk-1", "S9/Sit-2", "S8/a/b"])
      #expect(data.sequences.map(\.subject) == ["S1", "S9", "S8"])
      #expect(data.sequences.map(\.split) == [.train, .test, .validation])
      #expect(data.sequences.allSatisfy { $0.frames == Array(1...8) && $0.framesPerSecond == 50 })
      #expect(data.sequences.allSatisfy { $0.views == ["left", "right"] } && data.remarks.isEmpty)
      #expect(data.summary.hasPrefix("3 sequences of 3 subjects, 24 instants, in "))
      #expect(try data.joints(at: first) == nil)
    }
  }

  @Test func framesThatOneViewLacksAreLeftOut() throws {
    try TestFolder.with { folder in
      try folder.remove("S1/Walk-1/left/000002.ppm")
      try folder.remove("S1/Walk-1/right/000008.ppm")
      try folder.write(TestFolder.picture(0, 0, 1), to: "S1/Walk-1/right/000100.ppm")
      // What is no picture of a frame does not count.
      for name in ["note.txt", "cover.ppm", "12a.ppm", "000009.ppm.part"] {
        try folder.write("", to: "S1/Walk-1/left/" + name)
      }
      let data = try MultiViewFolder(folder.url)
      #expect(data.sequences[0].frames == [1, 3, 4, 5, 6, 7] && data.sequences[1].frames == Array(1...8))
      #expect(data.remarks == ["S1/Walk-1: 3 of 9 frames are not in all views and are left out"])

      try folder.write("frame\n7\n3\n8\n", to: "S1/Walk-1/frames.csv")
      #expect(try MultiViewFolder(folder.url).sequences[0].frames == [3, 7])
      try folder.write("frame\n8\n", to: "S1/Walk-1/frames.csv")
      #expect(try fault(folder).what.contains("names no frame"))
      try folder.remove("S1/Walk-1/frames.csv")
      for frame in 1..<9 where frame != 2 { try folder.remove("S1/Walk-1/left/\(TestFolder.padded(frame)).ppm") }
      try folder.write(TestFolder.picture(0, 0, 1), to: "S1/Walk-1/left/000050.ppm")
      let none = try fault(folder)
      #expect(none.what == "sequence S1/Walk-1: no frame is in all of its views")
      #expect(none.why.contains("left has 1, right has 8"))
    }
  }

  @Test func posesAreRead() throws {
    try TestFolder.with { folder in
      let row = (0..<51).map { "\(Double($0) + 0.5)" }.joined(separator: ",")
      try folder.write("frame,pose\n3,\(row)\n5,\(row)\n", to: "S1/Walk-1/left/poses.csv")
      let data = try MultiViewFolder(folder.url)
      let joints = try #require(try data.joints(at: first))
      #expect(joints.count == 17 && joints[0] == SIMD3(0.5, 1.5, 2.5) && joints[16] == SIMD3(48.5, 49.5, 50.5))
      #expect(try data.joints(at: MultiViewPlace(sequence: 0, view: 0, frame: 4)) == nil)
      #expect(try data.joints(at: MultiViewPlace(sequence: 0, view: 1, frame: 3)) == nil)

      try folder.write(folder.text("dataset.json").replacing("\"mm\"", with: "\"m\""), to: "dataset.json")
      #expect(try MultiViewFolder(folder.url).joints(at: first)?[0] == SIMD3(500, 1500, 2500))

      try folder.write("3,\(row)\n4,\(row.replacing(",7.5,", with: ",nan,"))\n", to: "S1/Walk-1/left/poses.csv")
      let error = try fault(folder)
      #expect(
        error.what.hasSuffix("left/poses.csv, line 2: a number is not finite") && error.why.contains("52 numbers"))
      try folder.write("3,1,2\n", to: "S1/Walk-1/left/poses.csv")
      #expect(try fault(folder).what.contains("line 1: not 52 numbers"))
    }
  }

  @Test(arguments: [
    ("{\"version\": 1,\n \"fps\" 50}", "dataset.json:2:8"), ("[]", "\"version\" is not 1"),
    ("{\"version\": 2}", "\"version\""),
    ("{\"version\": 1}", "\"fps\""), ("{\"version\": 1, \"fps\": 0}", "\"fps\""),
    ("{\"version\": 1, \"fps\": 25, \"unit\": \"inch\"}", "inch"),
    ("{\"version\": 1, \"fps\": 25, \"unit\": 3}", "\"3\""),
    ("{\"version\": 1, \"fps\": 25}", "\"sequences\""),
    ("{\"version\": 1, \"fps\": 25, \"sequences\": []}", "\"sequences\""),
    ("{\"version\": 1, \"fps\": 25, \"joints\": [\"a\"], \"sequences\": []}", "\"joints\""),
    ("{\"version\": 1, \"fps\": 25, \"parents\": [0], \"sequences\": []}", "\"parents\""),
    ("{\"version\": 1, \"fps\": 25, \"root\": 1, \"sequences\": []}", "\"root\""),
  ])
  func badDescriptionsAreRefused(text: String, names: String) throws {
    try TestFolder.with { folder in
      try folder.write(text, to: "dataset.json")
      let error = try fault(folder)
      #expect(error.kind == .data && error.what.contains("dataset.json") && error.what.contains(names), "\(error)")
    }
  }

  @Test(arguments: [
    ("\"left\",\"right\"", "\"left\"", "has 1 view"), ("\"left\",\"right\"", "\"left\",\"left\"", "named twice"),
    ("\"left\",\"right\"", "\"left\",\"..\"", "plain name"), ("\"left\",\"right\"", "\"left\",\"a/b\"", "plain name"),
    ("S2/Walk-1", "S1/Walk-1", "named twice"), ("S2/Walk-1", "../Walk-1", "plain name"),
    ("S2/Walk-1", "/etc", "plain name"),
    ("\"train\"", "\"dev\"", "unknown split \"dev\""), ("\"subject\"", "\"sub\"", "sequence 1 lacks"),
  ])
  func badSequencesAreRefused(part: String, other: String, names: String) throws {
    try TestFolder.with { folder in
      try folder.write(folder.text("dataset.json").replacing(part, with: other), to: "dataset.json")
      let error = try fault(folder)
      #expect(error.kind == .data && error.what.contains(names), "\(error)")
    }
  }

  @Test func joinedDescriptionOfHuman36IsAccepted() throws {
    try TestFolder.with { folder in
      let names = "[" + (0..<17).map { "\"j\($0)\"" }.joined(separator: ",") + "]"
      let extra = """
        "joints": \(names), "parents": [-1,0,1,2,0,4,5,0,7,8,9,8,11,12,8,14,15], "left": [4,5,6,11,12,13],
        "right": [1,2,3,14,15,16], "root": 0, "fps"
        """
      try folder.write(folder.text("dataset.json").replacing("\"fps\"", with: extra), to: "dataset.json")
      #expect(try MultiViewFolder(folder.url).sequences.count == 2)
      try folder.write(folder.text("dataset.json").replacing("[4,5", with: "[1,5"), to: "dataset.json")
      #expect(try fault(folder).what.contains("\"left\""))
    }
  }

  @Test func missingAndDoubleFilesAreRefused() throws {
    try TestFolder.with { folder in
      try folder.write(TestFolder.picture(0, 0, 3), to: "S1/Walk-1/left/3.ppm")
      let double = try fault(folder)
      #expect(double.what.hasSuffix("left: 000003.ppm and 3.ppm are the same frame"))
      try folder.remove("S1/Walk-1/left")
      #expect(try fault(folder).kind == .noInput)
      try folder.remove("dataset.json")
      #expect(try fault(folder).kind == .noInput)
    }
  }

  // MARK: Pictures

  /// The median of the pictures is the room, the mask the square, the box around it: nothing else is left.
  @Test func peopleAreCutOut() throws {
    try TestFolder.with { folder in
      let data = try MultiViewFolder(folder.url)
      for frame in [1, 3, 8] {
        let place = MultiViewPlace(sequence: 0, view: 0, frame: frame)
        let picture = try data.picture(at: place, .none, size: 20, draw: 5)
        #expect(picture.size == 20 && picture.colors == expected(frame, size: 20))
      }
      #expect(try data.backgroundPicture(sequence: 1, view: 1) == TestFolder.room(1, 1))
      #expect(data.store.bytesInUse == 2 * 40 * 30 * 3)
    }
  }

  @Test func givenBoxesMasksAndBackgroundsAreUsed() throws {
    try TestFolder.with { folder in
      let size = 10
      func picture() throws -> [Float] {
        try MultiViewFolder(folder.url).picture(at: first, .none, size: size, draw: 0).colors
      }
      // A box of another place; frames without a line are boxed by their mask.
      try folder.write("frame,cx,cy,side\n3,10,12,8\n", to: "S1/Walk-1/left/boxes.csv")
      let corner = TestFolder.corner(3)
      let whole = TestFolder.picture(0, 0, 3)
      let mask = PersonMask(of: whole, background: TestFolder.room(0, 0))
      let cut = PictureCrop(box: PersonBox(centre: SIMD2(10, 12), side: 8), change: .none)
      #expect(try picture() == cut.cut(whole, mask, backdrop: nil, size: size).colors)
      let other = try MultiViewFolder(folder.url).picture(
        at: MultiViewPlace(sequence: 0, view: 0, frame: 4), .none, size: 20, draw: 0)
      #expect(other.colors == expected(4, size: 20))

      // A drawn mask: the upper half of the square alone.
      var drawn = Image(
        width: TestFolder.width, height: TestFolder.height,
        pixels: [UInt8](repeating: 0, count: TestFolder.width * TestFolder.height * 3))
      for y in corner.y..<corner.y + 6 {
        for x in corner.x..<corner.x + 6 { drawn.pixels[3 * (y * drawn.width + x) + 1] = 1 }
      }
      try AtomicFile.makeFolder(folder.url.appendingPathComponent("S1/Walk-1/left/masks"))
      try PNG.write(drawn, to: folder.url.appendingPathComponent("S1/Walk-1/left/masks/000003.png"))
      try folder.remove("S1/Walk-1/left/boxes.csv")
      let box = PersonBox(centre: SIMD2(Double(corner.x) + 3, Double(corner.y) + 3), side: 7.5)
      #expect(
        try picture()
          == PictureCrop(box: box, change: .none).cut(whole, PersonMask(drawn: drawn), backdrop: nil, size: size).colors
      )

      // A background that equals the picture: nobody is there.
      try folder.remove("S1/Walk-1/left/masks")
      try PNG.write(whole, to: folder.url.appendingPathComponent("S1/Walk-1/left/background.png"))
      #expect(try picture().allSatisfy { $0 == 0 })
    }
  }

  @Test func backgroundsAreKeptOrSubstituted() throws {
    try TestFolder.with(sequences: [("S1/Walk-1", "train"), ("S2/Walk-1", "train"), ("S9/Walk-1", "test")]) { folder in
      var data = try MultiViewFolder(folder.url)
      let whole = TestFolder.picture(0, 0, 3)
      let mask = PersonMask(of: whole, background: TestFolder.room(0, 0))
      let crop = PictureCrop(box: PersonBox(around: mask), change: .none)
      data.background = .kept
      #expect(
        try data.picture(at: first, .none, size: 20, draw: 0).colors
          == crop.cut(whole, PersonMask(drawn: mask.picture), backdrop: whole, size: 20).colors)
      // The only other camera of another training sequence is "right" of the second.
      data.background = .substituted
      for draw in 0..<8 {
        #expect(
          try data.picture(at: first, .none, size: 20, draw: UInt64(draw)).colors
            == crop.cut(whole, mask, backdrop: TestFolder.room(1, 1), size: 20).colors)
      }
      let alone = try fault(data, MultiViewPlace(sequence: 2, view: 0, frame: 3))
      #expect(alone.kind == .configuration && alone.what.contains("S9/Walk-1"))
    }
  }

  @Test func substitutesAreDrawnForEachPicture() throws {
    try TestFolder.with(views: ["a", "b", "c"]) { folder in
      var data = try MultiViewFolder(folder.url)
      data.background = .substituted
      let pictures = try (0..<16).map { try data.picture(at: first, .none, size: 8, draw: $0).colors }
      #expect(Set(pictures).count == 2)
      #expect(try data.picture(at: first, .none, size: 8, draw: 3).colors == pictures[3])
    }
  }

  /// Many threads at once get the same bits, also while backgrounds are made.
  @Test func threadsGetTheSamePictures() throws {
    try TestFolder.with { folder in
      let data = try MultiViewFolder(folder.url)
      let places = data.sequences.indices.flatMap { sequence in
        (0..<2).flatMap { view in (1...8).map { MultiViewPlace(sequence: sequence, view: view, frame: $0) } }
      }
      let results = try concurrentMap(4 * places.count, threads: 4) { index in
        try data.picture(at: places[index % places.count], .none, size: 12, draw: 0).colors
      }
      let again = try MultiViewFolder(folder.url)
      for index in 0..<4 * places.count {
        #expect(try results[index] == again.picture(at: places[index % places.count], .none, size: 12, draw: 0).colors)
      }
    }
  }

  // MARK: Memory

  @Test func backgroundsAreHeldUpToALimit() throws {
    try TestFolder.with { folder in
      let size = TestFolder.width * TestFolder.height * 3
      // Read from files, the oldest goes; computed, there is an end.
      for (sequence, view) in [(0, 0), (0, 1), (1, 0)] {
        let name = "\(["S1", "S2"][sequence])/Walk-1/\(["left", "right"][view])/background.png"
        try PNG.write(TestFolder.room(sequence, view), to: folder.url.appendingPathComponent(name))
      }
      let data = try MultiViewFolder(folder.url, isThinned: true, memory: 2 * size)
      for (sequence, view) in [(0, 0), (0, 1), (1, 0), (0, 0), (1, 1), (0, 1), (1, 1)] {
        #expect(try data.backgroundPicture(sequence: sequence, view: view) == TestFolder.room(sequence, view))
        #expect(data.store.bytesInUse <= 2 * size)
      }
      for name in ["S1/Walk-1/left", "S1/Walk-1/right", "S2/Walk-1/left"] {
        try folder.remove(name + "/background.png")
      }
      let bare = try MultiViewFolder(folder.url, isThinned: true, memory: 2 * size)
      _ = try bare.backgroundPicture(sequence: 0, view: 0)
      _ = try bare.backgroundPicture(sequence: 0, view: 1)
      let error = try #require(throws: ComputeError.self) { try bare.backgroundPicture(sequence: 1, view: 0) }
      #expect(error.kind == .system && error.mend.contains("data prepare"))
      #expect(try bare.backgroundPicture(sequence: 0, view: 1) == TestFolder.room(0, 1))
    }
  }

  // MARK: Faults

  @Test func unequalSizesAreRefused() throws {
    try TestFolder.with { folder in
      let small = Image(width: 4, height: 3, pixels: [UInt8](repeating: 9, count: 36))
      try folder.write(small, to: "S1/Walk-1/left/000005.ppm")
      let median = try fault(MultiViewFolder(folder.url), first)
      #expect(median.what.hasSuffix("left/000005.ppm: 4 x 3 pixels, where the first of its view has 40 x 30"))
      try PNG.write(TestFolder.room(0, 0), to: folder.url.appendingPathComponent("S1/Walk-1/left/background.png"))
      let data = try MultiViewFolder(folder.url)
      _ = try data.picture(at: first, .none, size: 8, draw: 0)
      let background = try fault(data, MultiViewPlace(sequence: 0, view: 0, frame: 5))
      #expect(background.what.hasSuffix("000005.ppm: 4 x 3 pixels, where the background of its view has 40 x 30"))
      try AtomicFile.makeFolder(folder.url.appendingPathComponent("S1/Walk-1/left/masks"))
      try folder.write(small, to: "S1/Walk-1/left/masks/000003.pgm")
      #expect(try fault(MultiViewFolder(folder.url), first).what.contains("masks/000003.pgm: 4 x 3 pixels"))
    }
  }

  /// A failure is told to all who wait for it, and to those who ask again.
  @Test func brokenPicturesAreNamed() throws {
    try TestFolder.with { folder in
      try folder.write("no picture", to: "S1/Walk-1/left/000006.ppm")
      let data = try MultiViewFolder(folder.url)
      for _ in 0..<2 { #expect(try fault(data, first).what.contains("000006.ppm")) }
      _ = try data.picture(at: MultiViewPlace(sequence: 0, view: 1, frame: 3), .none, size: 8, draw: 0)
      #expect(try fault(data, MultiViewPlace(sequence: 0, view: 1, frame: 77)).what.contains("no picture of frame 77"))
      try folder.write("3,5,5,0\n", to: "S1/Walk-1/left/boxes.csv")
      #expect(try self.fault(folder).what.contains("box of frame 3 has the side 0.0"))
    }
  }
}
