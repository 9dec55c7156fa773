/// How rendered scenes look and how many there are.
public struct SceneSettings: Codable, Sendable, Equatable {
  /// What stands behind the person.
  public enum Background: String, Codable, Sendable, CaseIterable {
    /// Black, as the paper's pre-training wants it.
    case removed
    /// Drawn for each picture, whatever the take and the camera.
    case random
    /// One per camera and room, as in a studio.
    case `static`
    /// Removed or drawn, by the highest bit of a picture's draw: half of each, a tuple all of one kind.
    case mixed
  }

  public enum Light: String, Codable, Sendable, CaseIterable {
    /// From above, standing still in the room, another for each take.
    case room
    /// From the camera, so that shading says nothing about the room.
    case camera
  }

  public var background = Background.removed
  public var light = Light.room
  /// Rooms, each with four cameras of its own.
  public var trainRooms = 8
  public var validationRooms = 2
  public var testRooms = 2
  /// People who perform each take.
  public var actorsPerTake = 1
  /// How often one sleeve is of a slightly different shade: a cue that tells left from right.
  public var unevenSleeves = 0.0
  /// Whether a camera's gain, gamma, noise and blur change from picture to picture.
  public var sensor = true
  /// Training takes that many frames per second of a take; the other splits have all.
  public var trainFramesPerSecond = 10.0
  /// Samples to a pixel's side.
  public var samplesPerSide = 2

  public init() {}

  var rooms: SplitCounts { SplitCounts(train: trainRooms, validation: validationRooms, test: testRooms) }
}
