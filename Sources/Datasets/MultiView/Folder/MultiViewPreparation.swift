import Compute
import FileFormats
import Foundation

/// Computes once what `MultiViewFolder` would compute at each start, and writes it into the folder: backgrounds, boxes, masks
/// where they are wanted, and which training frames to use.
///
/// What is there already is left alone unless it is to be replaced. Files appear whole or not at all, so an interrupted
/// preparation goes on where it stopped.
public struct MultiViewPreparation: Sendable {
  /// How training frames are thinned.
  public enum Thinning: Sendable, Equatable {
    case none
    /// So that three quarters stay: those whose pictures changed most since the last kept one.
    case pictures
    /// A frame stays when some joint has moved so far since the last kept one, in millimetres.
    case joints(Double)
  }

  /// What was done.
  public struct Outcome: Sendable, Equatable {
    public var backgrounds = 0
    public var boxFiles = 0
    public var masks = 0
    /// Training instants in sequences that were thinned, before and after.
    public var (instants, keptInstants) = (0, 0)
    /// The change of pictures above which frames were kept; nil without such thinning.
    public var threshold: Double?
  }

  private let data: MultiViewFolder
  let thinning: Thinning
  private let writesMasks: Bool
  let replaces: Bool

  /// - Parameters:
  ///   - writesMasks: whether masks become files, to look at or to correct by hand.
  ///   - replaces: whether backgrounds, boxes and lists of frames that are there are computed again. Masks are not: they
  ///     may be somebody's work.
  /// - Throws: `ComputeError` as `MultiViewFolder.init(_:)`.
  public init(_ folder: URL, thinning: Thinning = .pictures, writesMasks: Bool = false, replaces: Bool = false) throws {
    data = try MultiViewFolder(folder, isThinned: false, memory: 1 << 30)
    self.thinning = thinning
    self.writesMasks = writesMasks
    self.replaces = replaces
  }

  public var remarks: [String] { data.remarks }
  public var summary: String { data.summary }

  /// - Parameter report: told after each step how far it is; called from several threads, one at a time.
  /// - Throws: `ComputeError` as `MultiViewFolder.picture(at:_:size:draw:)`; `.cannotWrite`; `.data` when joints are to thin
  ///   frames and are not known.
  public func run(report: @escaping @Sendable (String) -> Void = { _ in }) throws -> Outcome {
    var outcome = Outcome()
    try prepareViews(&outcome, report)
    // Boxes and backgrounds are read anew, as training will.
    try thin(MultiViewFolder(data.folder, isThinned: false, memory: 1 << 30), &outcome, report)
    return outcome
  }

  // MARK: - Views

  private func prepareViews(_ outcome: inout Outcome, _ report: @escaping @Sendable (String) -> Void) throws {
    let all = data.views.indices.flatMap { sequence in data.views[sequence].indices.map { (sequence, $0) } }
    let done = Results<Outcome>(count: all.count)
    let lock = NSLock()
    try concurrently(all.count) { index in
      let (sequence, view) = all[index]
      let part = try prepare(sequence, view)
      done[index] = part
      lock.withLock {
        report(
          "view \(done.all.count) of \(all.count): \(data.sequences[sequence].identifier)/"
            + data.sequences[sequence].views[view])
      }
    }
    for part in done.all {
      outcome.backgrounds += part.backgrounds
      outcome.boxFiles += part.boxFiles
      outcome.masks += part.masks
    }
  }

  private func prepare(_ sequence: Int, _ view: Int) throws -> Outcome {
    var outcome = Outcome()
    let files = data.views[sequence][view]
    let needsBoxes = replaces || !files.hasBoxFile
    let unmasked = files.frames.filter { files.maskURL($0) == nil }
    let needsMasks = writesMasks && !unmasked.isEmpty
    var background = try replaces ? nil : files.background.map { try PictureFile.read($0) }
    if background == nil {
      let image = try MultiViewFolder.median(
        files, memory: (1 << 30) / max(1, ProcessInfo.processInfo.activeProcessorCount))
      try PNG.write(image, to: files.folder.appendingPathComponent("background.png"))
      if let old = files.background, old.lastPathComponent != "background.png" {
        try? FileManager.default.removeItem(at: old)
      }
      background = image
      outcome.backgrounds = 1
    }
    guard needsBoxes || needsMasks, let background else { return outcome }
    var boxes = (["frame"] + ViewFiles.boxColumns).joined(separator: ",") + "\n"
    let masks = files.folder.appendingPathComponent(ViewFiles.maskFolder)
    if needsMasks { try AtomicFile.makeFolder(masks) }
    let wanted = needsBoxes ? files.frames : unmasked
    for frame in wanted {
      let mask = try data.mask(
        of: files.picture(frame), at: MultiViewPlace(sequence: sequence, view: view, frame: frame),
        background: background)
      let box = PersonBox(around: mask)
      boxes += "\(frame),\(box.centre.x),\(box.centre.y),\(box.side)\n"
      if needsMasks, files.maskURL(frame) == nil {
        try PNG.write(mask.picture, to: masks.appendingPathComponent(Self.number(frame) + ".png"))
        outcome.masks += 1
      }
    }
    if needsBoxes {
      try AtomicFile.write(Data(boxes.utf8), to: files.folder.appendingPathComponent(ViewFiles.boxFile))
      outcome.boxFiles = 1
    }
    return outcome
  }

  private static func number(_ frame: Int) -> String {
    let digits = String(frame)
    return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }
}
