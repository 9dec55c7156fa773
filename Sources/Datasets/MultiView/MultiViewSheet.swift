import FileFormats

/// Pictures side by side, to look at.
public struct MultiViewSheet {
  /// Rows of equally large pictures; a frame of grey runs between them, so that black backgrounds end where they end.
  public static func image(_ rows: [[PersonPicture]]) -> Image {
    guard let size = rows.first?.first?.size else { preconditionFailure("MultiViewSheet: no pictures") }
    precondition(rows.joined().allSatisfy { $0.size == size }, "MultiViewSheet: pictures of unequal size")
    let gap = 2
    let columns = rows.map(\.count).max() ?? 0
    let (width, height) = (columns * (size + gap) + gap, rows.count * (size + gap) + gap)
    var pixels = [UInt8](repeating: 96, count: width * height * 3)
    for (row, pictures) in rows.enumerated() {
      for (column, picture) in pictures.enumerated() {
        for y in 0..<size {
          let to = ((gap + row * (size + gap) + y) * width + gap + column * (size + gap)) * 3
          for k in 0..<size * 3 {
            pixels[to + k] = UInt8((min(max(picture.colors[y * size * 3 + k], 0), 1) * 255).rounded())
          }
        }
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }

  /// A row per tuple: a, b, c, f.
  ///
  /// - Throws: what the recordings throw.
  public static func image(
    _ tuples: [MultiViewTuple], of recordings: any MultiViewRecordings, size: Int
  ) throws -> Image {
    image(
      try tuples.map { tuple in
        let three = try [tuple.a, tuple.b, tuple.c].map { try recordings.picture(at: $0, size: size) }
        return three + [three[1].mirrored]
      })
  }
}
