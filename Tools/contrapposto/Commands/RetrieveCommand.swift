import ArgumentParser
import Compute
import Datasets
import FileFormats
import Foundation
import MultiViewSync
import Training

struct RetrieveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retrieve",
    abstract: "Finds the pictures that a synchronization model takes for the instant of others.",
    discussion: """
      For pictures of test subjects: the best picture of each training subject, which nobody trained the model for, and the \
      best picture of the same take from another camera. Prints how near the found poses are, beside a random and the best \
      possible choice, and writes a picture. Features are kept in the run folder.
      """)

  @Option(name: .customLong("run"), help: "A run folder of the pretext task.")
  var source: String

  @Option(help: "cpu, opencl, opencl:N, or auto: the first GPU, else the CPU.")
  var device = "auto"

  @Option(help: "How many pictures to look for.")
  var queries = 8

  @Option(help: "Seconds from one instant to the next among the pictures that may be found.")
  var every = 0.64

  @Option(help: "The picture to write; by default retrieval.png in the run folder.")
  var out: String?

  func run() throws {
    guard queries > 0, every > 0 else {
      throw ComputeError(
        .usage, what: "\(queries) queries, instants \(every) seconds apart", why: "there is nothing to look for",
        mend: "give positive numbers")
    }
    let folder = try RunFolder.open(source)
    let settings = try MultiViewSyncOptions.load(folder)
    guard settings.task == .pretext else {
      throw ComputeError(
        .configuration, what: "\(folder.path) is a run of the \(settings.task) task",
        why: "it compares no pictures", mend: "give a run of `contrapposto train multiview-sync --task pretext`")
    }
    let session = try PretextSession(settings, device: device)
    let search = try Search(session, folder, every: every, queries: queries)
    print(search.table)
    let path = out ?? folder.path + "/retrieval.png"
    try PNG.write(try search.picture(), to: URL(fileURLWithPath: path))
    print("\(path)  each row: the query; the same take from another camera; one training subject per column")
  }
}

/// What was looked for and found.
private struct Search {
  private let retrieval: Retrieval
  private let size: Int
  /// Per query: the match in its own take, then one per training subject.
  private let rows: [(query: Int, within: Retrieval.Match, across: [Retrieval.Match])]
  private let within, across: RetrievalNumbers?

  init(_ session: PretextSession, _ folder: RunFolder, every seconds: Double, queries: Int) throws {
    let (setup, recordings) = (session.setup, session.setup.recordings)
    let network = try session.network(of: folder)
    let training = try recordings.places(of: .train, every: seconds)
    let test = try recordings.places(of: .test, every: seconds)
    let checkpoint = try InputFile.read(URL(fileURLWithPath: folder.bestCheckpoint()))
    let cache = FeatureCache(
      folder.path + "/features.safetensors",
      key: SHA256.hexDigest(of: checkpoint) + configurationText(setup.settings))
    let size = setup.settings.data.imageSize
    let retrieval = try Retrieval(
      network, recordings, places: training + test,
      features: cache.features(of: network, at: training + test, in: recordings, size: size))

    let subjects = Dictionary(grouping: training.indices) { recordings.sequences[training[$0].sequence].subject }
      .sorted { $0.key < $1.key }.map(\.value)
    let chosen = (0..<min(queries, test.count)).map { training.count + $0 * test.count / min(queries, test.count) }
    var rows: [(query: Int, within: Retrieval.Match, across: [Retrieval.Match])] = []
    var (own, others): ([(Int, [Int], Int)], [(Int, [Int], Int)]) = ([], [])
    for query in chosen {
      let views = retrieval.otherViews(of: query)
      guard let best = try retrieval.matches(of: query, among: views, count: 1).first else { continue }
      own.append((query, views, best.index))
      var found: [Retrieval.Match] = []
      for candidates in subjects {
        guard let match = try retrieval.matches(of: query, among: candidates, count: 1).first else { continue }
        found.append(match)
        others.append((query, candidates, match.index))
      }
      rows.append((query, best, found))
    }
    guard !rows.isEmpty else {
      throw ComputeError(
        .data, what: "no picture of a test subject has another view to be found in",
        why: "\(test.count) were looked at",
        mend: "use recordings with a test split and two views or more")
    }
    self.retrieval = retrieval
    self.size = size
    self.rows = rows
    let seed = UInt64(setup.settings.seed)
    within = RetrievalNumbers(retrieval, own.map { (query: $0.0, candidates: $0.1, found: $0.2) }, seed: seed)
    across = RetrievalNumbers(retrieval, others.map { (query: $0.0, candidates: $0.1, found: $0.2) }, seed: seed)
  }

  /// Mean distances of poses, aligned.
  var table: String {
    func line(_ name: String, _ numbers: RetrievalNumbers?) -> String {
      guard let numbers else { return "\(name): the poses are not known" }
      return String(
        format: "%@ (%d searches): found %.1f mm, random %.1f mm, best possible %.1f mm", name, numbers.count,
        numbers.retrieved, numbers.random, numbers.best)
    }
    return [
      "mean PA-MPJPE between the query's pose and that of the picture",
      line("same take, another camera", within), line("a training subject", across),
    ].joined(separator: "\n")
  }

  /// Rows of pictures, side by side.
  func picture() throws -> Image {
    MultiViewSheet.image(
      try rows.map { row in
        try ([row.query, row.within.index] + row.across.map(\.index)).prefix(8).map {
          try retrieval.recordings.picture(at: MultiViewShot(retrieval.places[$0]), size: size)
        }
      })
  }
}
