import Compute
import FileFormats
import Foundation
import Geometry

extension MultiViewFolder {
  /// - Throws: `ComputeError` `.noInput` and `.data` for a picture that cannot be read, or is not as large as its background
  ///   or mask; `.configuration` when there is no other background to substitute; `.system` when backgrounds that were not
  ///   prepared take too much memory.
  public func picture(
    at place: MultiViewPlace, _ crop: PictureAugmentation, size: Int, draw: UInt64
  ) throws -> PersonPicture {
    let view = views[place.sequence][place.view]
    let picture = try view.picture(place.frame)
    let mask = try self.mask(of: picture, at: place)
    let box = view.boxes[place.frame] ?? PersonBox(around: mask)
    let backdrop: Image? =
      switch background {
      case .removed: nil
      case .kept: picture
      case .substituted: try backdrop(for: place, draw: draw)
      }
    return PictureCrop(box: box, change: crop).cut(picture, mask, backdrop: backdrop, size: size)
  }

  /// The drawn mask of a picture if it has one, else where it differs from its background.
  ///
  /// - Parameter known: the view's background, if it is at hand.
  func mask(of picture: Image, at place: MultiViewPlace, background known: Image? = nil) throws -> PersonMask {
    let view = views[place.sequence][place.view]
    if let url = view.maskURL(place.frame) {
      let drawn = try PictureFile.read(url)
      guard (drawn.width, drawn.height) == (picture.width, picture.height) else {
        throw Self.otherSize(url, drawn, picture, "its picture")
      }
      return PersonMask(drawn: drawn)
    }
    let background = try known ?? backgroundPicture(sequence: place.sequence, view: place.view)
    guard (background.width, background.height) == (picture.width, picture.height) else {
      throw Self.otherSize(view.url(place.frame) ?? view.folder, picture, background, "the background of its view")
    }
    return PersonMask(of: picture, background: background)
  }

  /// The background of a view: its file's, or the median of its pictures.
  func backgroundPicture(sequence: Int, view: Int) throws -> Image {
    try store.image(BackgroundStore.Key(sequence: sequence, view: view)) {
      let files = views[sequence][view]
      if let url = files.background { return (try PictureFile.read(url), false) }
      return (try Self.median(files), true)
    }
  }

  /// - Parameter memory: bytes for pictures that are kept between the two passes over them; the others are read twice.
  static func median(_ files: ViewFiles, memory: Int = 1 << 28) throws -> Image {
    let frames = MedianPicture.chosen(of: files.frames.count).map { files.frames[$0] }
    var (kept, bytes): ([Int: Image], Int) = ([:], 0)
    var first: Image?
    return try MedianPicture.make(of: frames.count) { index in
      if let known = kept[index] { return known }
      let picture = try files.picture(frames[index])
      if let first, (first.width, first.height) != (picture.width, picture.height) {
        throw otherSize(files.url(frames[index]) ?? files.folder, picture, first, "the first of its view")
      }
      first = first ?? picture
      if bytes + picture.pixels.count <= memory {
        kept[index] = picture
        bytes += picture.pixels.count
      }
      return picture
    }
  }

  /// Another sequence's background, of another camera: chosen by `draw` among those of the split.
  private func backdrop(for place: MultiViewPlace, draw: UInt64) throws -> Image {
    let here = sequences[place.sequence]
    var others: [(sequence: Int, view: Int)] = []
    for (number, sequence) in sequences.enumerated() where number != place.sequence && sequence.split == here.split {
      for (view, name) in sequence.views.enumerated() where name != here.views[place.view] {
        others.append((number, view))
      }
    }
    guard !others.isEmpty else {
      throw ComputeError(
        .configuration, what: "\(here.identifier): there is no other background to put behind the person",
        why: "it is taken from another sequence of the same split and another camera",
        mend: "remove or keep backgrounds, or add a sequence")
    }
    var random = PhiloxGenerator(seed: draw, stream: 0xBAC6)
    let other = others[random.index(below: others.count)]
    return try backgroundPicture(sequence: other.sequence, view: other.view)
  }

  private static func otherSize(_ url: URL, _ image: Image, _ other: Image, _ what: String) -> ComputeError {
    ComputeError(
      .data,
      what: "\(url.path): \(image.width) x \(image.height) pixels, where \(what) has \(other.width) x \(other.height)",
      why: "all pictures of one fixed camera have one size, pixel on pixel",
      mend: "bring the view's pictures, masks and background to one size")
  }
}
