import ArgumentParser
import Compute
import Datasets
import FileFormats
import Foundation

extension DataCommand {
  struct CheckMultiView: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check-multiview",
      abstract: "Renders multi-view recordings and looks for shortcuts in them.",
      discussion: """
        Linear probes that see no pose must stay at chance on pairs of the test split: colour histograms, boxes, \
        background, the brighter side, how much each person moves. Joints must lie within half a pixel of where pictures show them, splits must share \
        nothing, and pictures must repeat. What the two headings alone tell is reported. Exits with an error when a check \
        that must hold fails. At the default settings some 24,000 pictures are rendered.
        """)

    @Option(help: "anny or procedural.")
    var body = "anny"

    @Option(help: "Vertices of the Anny body: 6890, 1722 or 432.")
    var vertices = 1722

    @Option(help: "A folder of BVH clips to train on; by default motion is generated from the embedded pose priors.")
    var motion: String?

    @Option(help: "A folder of BVH clips for validation; by default the last of the training subjects.")
    var validationMotion: String?

    @Option(help: "A folder of BVH clips for test; by default generated motion.")
    var evaluationMotion: String?

    @Option(help: "removed, random, static or mixed.")
    var background = "removed"

    @Option(help: "room or camera.")
    var light = "room"

    @Option(help: "Tuples to fit the probes on, and as many to measure them on.")
    var tuples = 4000

    @Option(help: "Height and width of the pictures in pixels.")
    var size = 64

    @Option(help: "Leave out unsynchronized pairs whose poses differ by less, in millimetres.")
    var leastPoseDifference: Double?

    @Option(help: "Everything random follows from it.")
    var seed: UInt64 = 1

    @Option(help: "Write the figures to this file.")
    var json: String?

    @Option(help: "Write a picture of a few tuples (a, b, c, f side by side) to this PNG file.")
    var sheet: String?

    func run() throws {
      let recordings = try recordings()
      print(recordings.summary)
      if let sheet {
        let sampler = try MultiViewTupleSampler(recordings, split: .train, seed: seed)
        let image = try MultiViewSheet.image((0..<8).map(sampler.tuple), of: recordings, size: max(size, 128))
        try PNG.write(image, to: URL(fileURLWithPath: sheet))
        print("wrote \(sheet)")
      }
      let sampler = try MultiViewTupleSampler(recordings, split: .train, seed: seed)
      let shots = (0..<64).map { sampler.tuple($0).a }
      // People are made when first seen; that is not part of a picture's time.
      for shot in shots { _ = try recordings.picture(at: shot, size: size) }
      let start = processorSeconds
      for shot in shots { _ = try recordings.picture(at: shot, size: size) }
      let each = (processorSeconds - start) / Double(shots.count)
      print("a picture of \(size) pixels takes \(String(format: "%.2f", each * 1e3)) ms of a core")
      var settings = ShortcutChecks.Settings()
      settings.tuples = tuples
      settings.size = size
      settings.seed = seed
      settings.threads = max(1, ProcessInfo.processInfo.activeProcessorCount)
      settings.leastPoseDifference = leastPoseDifference
      let checks = try ShortcutChecks(recordings, settings: settings)
      for figure in checks.figures { print(line(figure)) }
      if let json { try write(checks, of: recordings, to: json) }
      guard let first = checks.failures.first else { return print("all checks hold") }
      throw ComputeError(
        .data, what: "\(checks.failures.count) of the checks fail, the first is \"\(first.name)\": \(first.value)",
        why: "a network could solve its task, or be measured, by something that is not the pose",
        mend: "mend the recipe of the recordings; more tuples tell a leak from chance")
    }

    /// What this process has spent so far, whatever else the machine does.
    private var processorSeconds: Double {
      var time = timespec()
      clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private func recordings() throws -> RenderedRecordings {
      func choice<Value: RawRepresentable & CaseIterable>(_ name: String, _ text: String) throws -> Value
      where Value.RawValue == String {
        guard let value = Value(rawValue: text) else {
          throw ComputeError(
            .usage, what: "--\(name) \(text)", why: "there is no such \(name)",
            mend: "use " + Value.allCases.map(\.rawValue).joined(separator: " or "))
        }
        return value
      }
      guard motion != nil || (validationMotion == nil && evaluationMotion == nil) else {
        throw ComputeError(
          .usage, what: "clips for validation or test without --motion", why: "training would have no clips",
          mend: "name a folder of clips to train on as well")
      }
      let bodyChoice: BodyChoice = try choice("body", body)
      var settings = SceneSettings()
      settings.background = try choice("background", background)
      settings.light = try choice("light", light)
      let motions =
        try motion.map {
          try SceneMotions.captured(
            train: MotionLibrary(folder: $0), validation: validationMotion.map { try MotionLibrary(folder: $0) },
            test: evaluationMotion.map { try MotionLibrary(folder: $0) }, seed: seed)
        } ?? .generated(seed: seed)
      return try RenderedRecordings(
        body: bodyChoice.load(vertices: vertices, annyCache: bodyCache), motions: motions, settings: settings,
        seed: seed)
    }

    private func line(_ figure: ShortcutFigure) -> String {
      func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
      }
      let bounds = figure.low.flatMap { low in figure.high.map { (low, $0) } }
      let verdict = bounds == nil ? "reported" : figure.holds ? "holds" : "FAILS"
      let range = bounds.map { String(format: " [%.4g, %.4g]", $0.0, $0.1) } ?? ""
      return padded(figure.name, 24) + padded(String(format: "%.4f", figure.value), 9) + padded(verdict, 9)
        + figure.meaning + range
    }

    private struct Report: Encodable {
      let recordings: String
      let scenes: SceneSettings
      let settings: ShortcutChecks.Settings
      let holds: Bool
      let figures: [ShortcutFigure]
    }

    private func write(_ checks: ShortcutChecks, of recordings: RenderedRecordings, to path: String) throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      // A figure that is not a number is written as one all the same.
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      let report = Report(
        recordings: recordings.summary, scenes: recordings.settings, settings: checks.settings,
        holds: checks.failures.isEmpty, figures: checks.figures)
      try AtomicFile.write(try encoder.encode(report), to: URL(fileURLWithPath: path))
    }
  }
}
