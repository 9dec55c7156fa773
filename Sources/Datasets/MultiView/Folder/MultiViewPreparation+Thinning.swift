import Compute
import FileFormats
import Foundation
import Geometry

extension MultiViewPreparation {
  /// Writes the list of frames of each training sequence that has none, or of all when they are to be replaced.
  func thin(
    _ data: MultiViewFolder, _ outcome: inout Outcome, _ report: @escaping @Sendable (String) -> Void
  ) throws {
    let training = data.sequences.indices.filter { data.sequences[$0].split == .train }
    guard thinning != .none else {
      for number in training where replaces { try? FileManager.default.removeItem(at: list(data, number)) }
      return
    }
    let numbers = training.filter { replaces || !FileManager.default.fileExists(atPath: list(data, $0).path) }
    let total = numbers.map { data.sequences[$0].frames.count }.reduce(0, +)
    guard total > 0 else { return }
    let differences = try numbers.map { number in
      FrameDifferences(count: data.sequences[number].frames.count, make: try difference(data, number))
    }
    /// The frames of each sequence that stay.
    func kept(_ threshold: Double) throws -> [[Int]] {
      let results = Results<[Int]>(count: numbers.count)
      try concurrently(numbers.count) { index in
        results[index] = try FrameThinning.kept(of: differences[index].count, above: threshold) {
          try differences[index]($0, $1)
        }
      }
      return results.all
    }
    let threshold: Double
    if case .joints(let millimetres) = thinning {
      // "At least": the next smaller number is what it must be above.
      threshold = millimetres.nextDown
    } else {
      report("comparing \(total) instants")
      let changes = try consecutive(differences).sorted()
      let first = changes.isEmpty ? 0 : changes[Int((1 - FrameThinning.share) * Double(changes.count - 1))]
      threshold = try FrameThinning.threshold(total: total, first: first) {
        try kept($0).map(\.count).reduce(0, +)
      }
      outcome.threshold = threshold
    }
    for (number, positions) in zip(numbers, try kept(threshold)) {
      let frames = data.sequences[number].frames
      let text = "frame\n" + positions.map { "\(frames[$0])\n" }.joined()
      try AtomicFile.write(Data(text.utf8), to: list(data, number))
      outcome.instants += frames.count
      outcome.keptInstants += positions.count
    }
  }

  private func list(_ data: MultiViewFolder, _ number: Int) -> URL {
    data.folder.appendingPathComponent(data.sequences[number].identifier)
      .appendingPathComponent(MultiViewFolder.framesFile)
  }

  /// The differences of each frame from the one before it.
  private func consecutive(_ differences: [FrameDifferences]) throws -> [Double] {
    let results = Results<[Double]>(count: differences.count)
    try concurrently(differences.count) { index in
      results[index] = try (1..<max(1, differences[index].count)).map { try differences[index]($0, $0 - 1) }
    }
    return results.all.flatMap { $0 }
  }

  /// How far apart two instants of a sequence are, by the kind of thinning.
  private func difference(
    _ data: MultiViewFolder, _ number: Int
  ) throws -> (_ position: Int, _ last: Int) throws -> Double {
    let sequence = data.sequences[number]
    guard case .joints = thinning else {
      let pictures = RecentPictures(data, number)
      return { try pictures.difference($0, $1) }
    }
    let posed = data.views[number].first { view in sequence.frames.allSatisfy { view.joints($0) != nil } }
    guard let posed else {
      throw ComputeError(
        .data, what: "\(sequence.identifier): no view has a pose for each of its frames",
        why: "frames are to be thinned by how far joints move",
        mend: "complete poses.csv in one of its views, or thin by pictures")
    }
    return { position, last in
      let (now, then) = (posed.joints(sequence.frames[position]) ?? [], posed.joints(sequence.frames[last]) ?? [])
      return zip(now, then).map { norm($0 - $1) }.max() ?? 0
    }
  }
}

/// The grey pictures of the last instants that were looked at, of all views of a sequence.
private final class RecentPictures {
  private let data: MultiViewFolder
  private let number: Int
  /// Newest last; two are enough for a walk, which holds on to the last kept one.
  private var recent: [(position: Int, pictures: [GreyPicture])] = []

  init(_ data: MultiViewFolder, _ number: Int) {
    self.data = data
    self.number = number
  }

  /// The largest over the views.
  func difference(_ position: Int, _ last: Int) throws -> Double {
    let then = try pictures(last)
    let now = try pictures(position)
    return zip(now, then).map { $0.difference(from: $1) }.max() ?? 0
  }

  private func pictures(_ position: Int) throws -> [GreyPicture] {
    if let index = recent.firstIndex(where: { $0.position == position }) {
      let found = recent.remove(at: index)
      recent.append(found)
      return found.pictures
    }
    let frame = data.sequences[number].frames[position]
    let pictures = try data.views[number].enumerated().map { view, files in
      let picture = try files.picture(frame)
      let place = MultiViewPlace(sequence: number, view: view, frame: frame)
      return GreyPicture(picture, box: try files.boxes[frame] ?? PersonBox(around: data.mask(of: picture, at: place)))
    }
    if recent.count == 2 { recent.removeFirst() }
    recent.append((position, pictures))
    return pictures
  }
}
