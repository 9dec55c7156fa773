import ArgumentParser
import Compute
import Datasets
import FileFormats
import Foundation
import MultiViewSync
import Training

extension DataCommand {
  struct CheckMultiView: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check-multiview",
      abstract: "Renders multi-view recordings and looks for shortcuts in them.",
      discussion: """
        Linear probes that see no pose must stay at chance on pairs of the test split: colour histograms, boxes, \
        background, the brighter side, how much each person moves. Joints must lie within half a pixel of where pictures \
        show them, splits must share nothing, and pictures must repeat. What the two headings alone tell is reported. Exits with an error when a check \
        that must hold fails. At the default settings some 24,000 pictures are rendered.
        """)

    @Option(
      name: .customLong("run"),
      help: "Check what this run of the pretext task was trained and tested on, and put the figures into its report.")
    var trained: String?

    @Option(help: "anny, the default, or procedural.")
    var body: String?

    @Option(help: "Vertices of the Anny body: 6890, 1722 or 432. (default: 1722)")
    var vertices: Int?

    @Option(help: "A folder of BVH clips to train on; by default motion is generated from the embedded pose priors.")
    var motion: String?

    @Option(help: "A folder of BVH clips for validation; by default the last of the training subjects.")
    var validationMotion: String?

    @Option(help: "A folder of BVH clips for test; by default generated motion.")
    var evaluationMotion: String?

    @Option(help: "removed, the default, random, static or mixed.")
    var background: String?

    @Option(help: "room, the default, or camera.")
    var light: String?

    @Option(help: "Tuples to fit the probes on, and as many to measure them on.")
    var tuples = 4000

    @Option(help: "Height and width of the pictures in pixels. (default: 64, or the run's)")
    var size: Int?

    @Option(help: "Leave out unsynchronized pairs whose poses differ by less, in millimetres.")
    var leastPoseDifference: Double?

    @Option(help: "Everything random follows from it. (default: 1)")
    var seed: UInt64?

    @Option(help: "Write the figures to this file.")
    var json: String?

    @Option(help: "Write a picture of a few tuples (a, b, c, f side by side) to this PNG file.")
    var sheet: String?

    func run() throws {
      let folder = try trained.map(RunFolder.open)
      let session = try folder.map { try self.session(of: $0) }
      let recordings = try session.map { try Self.rendered($0.setup) } ?? self.recordings()
      let (seed, size) = (recordings.seed, self.size ?? session?.settings.data.imageSize ?? 64)
      print(recordings.summary)
      let sampler = try MultiViewTupleSampler(recordings, split: .train, seed: seed)
      if let sheet {
        let image = try MultiViewSheet.image((0..<8).map(sampler.tuple), of: recordings, size: max(size, 128))
        try PNG.write(image, to: URL(fileURLWithPath: sheet))
        print("wrote \(sheet)")
      }
      try timePictures((0..<64).map { sampler.tuple($0).a }, of: recordings, size: size)
      var settings = ShortcutChecks.Settings()
      settings.tuples = tuples
      settings.size = size
      settings.seed = seed
      settings.threads = max(1, ProcessInfo.processInfo.activeProcessorCount)
      settings.leastPoseDifference = leastPoseDifference
      let checks = try ShortcutChecks(recordings, settings: settings)
      for figure in checks.figures { print(line(figure)) }
      let record = ShortcutRecord(checks, of: recordings)
      if let json { try record.write(to: URL(fileURLWithPath: json)) }
      if let session, let folder {
        try record.write(to: PretextReport.shortcuts(in: folder))
        _ = try session.report(on: folder)
        print("report: \(folder.report)")
      }
      guard let first = checks.failures.first else { return print("all checks hold") }
      throw ComputeError(
        .data, what: "\(checks.failures.count) of the checks fail, the first is \"\(first.name)\": \(first.value)",
        why: "a network could solve its task, or be measured, by something that is not the pose",
        mend: "mend the recipe of the recordings; more tuples tell a leak from chance")
    }

    // MARK: - Recordings

    private func session(of folder: RunFolder) throws -> PretextSession {
      guard body == nil, vertices == nil, motion == nil, validationMotion == nil, evaluationMotion == nil,
        background == nil, light == nil, seed == nil
      else {
        throw ComputeError(
          .usage, what: "--run with other flags that say what is recorded", why: "the run's settings say it",
          mend: "give --run without them, or them without --run")
      }
      let settings = try MultiViewSyncOptions.load(folder)
      guard settings.task == .pretext else {
        throw ComputeError(
          .usage, what: "\(folder.path) is a run of the pose task", why: "its report says nothing of pairs",
          mend: "give the run of the pretext task that it started from")
      }
      return try PretextSession(settings, device: "cpu")
    }

    private static func rendered(_ setup: MultiViewSyncSetup) throws -> RenderedRecordings {
      guard let recordings = setup.recordings as? RenderedRecordings else {
        throw ComputeError(
          .usage, what: "the run was trained on recordings of a folder", why: "only rendered ones can be checked so",
          mend: "give a run on rendered people")
      }
      return recordings
    }

    private func timePictures(_ shots: [MultiViewShot], of recordings: RenderedRecordings, size: Int) throws {
      // People are made when first seen; that is not part of a picture's time.
      for shot in shots { _ = try recordings.picture(at: shot, size: size) }
      let start = processorSeconds
      for shot in shots { _ = try recordings.picture(at: shot, size: size) }
      let each = (processorSeconds - start) / Double(shots.count)
      print("a picture of \(size) pixels takes \(String(format: "%.2f", each * 1e3)) ms of a core")
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
      let bodyChoice: BodyChoice = try choice("body", body ?? "anny")
      let seed = seed ?? 1
      var settings = SceneSettings()
      if let background { settings.background = try choice("background", background) }
      if let light { settings.light = try choice("light", light) }
      let motions =
        try motion.map {
          try SceneMotions.captured(
            train: MotionLibrary(folder: $0), validation: validationMotion.map { try MotionLibrary(folder: $0) },
            test: evaluationMotion.map { try MotionLibrary(folder: $0) }, seed: seed)
        } ?? .generated(seed: seed)
      return try RenderedRecordings(
        body: bodyChoice.load(vertices: vertices ?? 1722, annyCache: bodyCache), motions: motions, settings: settings,
        seed: seed)
    }

    private func line(_ figure: ShortcutFigure) -> String {
      func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
      }
      return padded(figure.name, 24) + padded(String(format: "%.4f", figure.value), 9) + padded(figure.verdict, 20)
        + figure.meaning
    }
  }
}
