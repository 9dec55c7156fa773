/// People recorded by several fixed cameras at once, wherever the pictures come from: rendered scenes or image folders.
///
/// A picture is a pure function of its arguments, so samples can be made in any order, on any thread, or again.
public protocol MultiViewRecordings: Sendable {
  /// In a fixed order; places count them.
  var sequences: [MultiViewSequence] { get }

  /// The person at one place, cut out of the camera's picture.
  ///
  /// - Parameters:
  ///   - crop: how the square around the person is changed, and what happens to the colours.
  ///   - size: height and width in pixels.
  ///   - draw: chooses whatever else is random about a picture (sensor noise, a background); equal draws give equal pixels.
  func picture(at place: MultiViewPlace, _ crop: PictureAugmentation, size: Int, draw: UInt64) throws -> PersonPicture

  /// `[17]`: the joints of Human3.6M in the coordinates of that camera (x right, y down, z forward), in millimetres;
  /// nil when they are not known.
  func joints(at place: MultiViewPlace) throws -> [SIMD3<Double>]?
}

/// One take: a person, a stretch of time, and the cameras that saw it.
public struct MultiViewSequence: Sendable, Equatable {
  /// "S1/Walking-1"
  public let identifier: String
  public let subject: String
  public let split: SampleSplit
  /// Names of the cameras.
  public let views: [String]
  public let framesPerSecond: Double
  /// Frame numbers, ascending, at which all cameras have a picture worth training on. Equal numbers are the same instant.
  public let frames: [Int]

  public init(
    identifier: String, subject: String, split: SampleSplit, views: [String], framesPerSecond: Double, frames: [Int]
  ) {
    self.identifier = identifier
    self.subject = subject
    self.split = split
    self.views = views
    self.framesPerSecond = framesPerSecond
    self.frames = frames
  }

  /// "Walking" of "S1/Walking-1": what the person does, where the take is one of several that are numbered; otherwise nil.
  public var action: String? {
    let take = identifier.split(separator: "/").last ?? ""
    guard let dash = take.lastIndex(of: "-"), dash > take.startIndex, Int(take[dash...].dropFirst()) != nil else {
      return nil
    }
    return String(take[..<dash])
  }
}

/// One picture: which take, which camera, which frame number.
public struct MultiViewPlace: Sendable, Hashable {
  public let sequence, view, frame: Int

  public init(sequence: Int, view: Int, frame: Int) {
    self.sequence = sequence
    self.view = view
    self.frame = frame
  }
}

/// A square cut-out of a picture with the person in it.
public struct PersonPicture: Sendable {
  public let size: Int
  /// `[size, size, 3]`: red, green, blue from 0 to 1; 0 where the background was removed.
  public var colors: [Float]

  public init(size: Int, colors: [Float]) {
    precondition(colors.count == size * size * 3, "PersonPicture: \(colors.count) values for \(size) x \(size) pixels")
    self.size = size
    self.colors = colors
  }
}
