import Geometry

/// How one picture differs from the plain cut-out of the person (Jenni and Favaro, ACCV 2020, section 3.3; ranges are ours
/// where the paper gives none).
public struct PictureAugmentation: Sendable, Equatable {
  /// Right and down, as a fraction of the square's side.
  public var shift = SIMD2<Double>.zero
  /// Of the square's side.
  public var scale = 1.0
  /// Turns the person clockwise in the picture, in radians.
  public var rotation = 0.0
  /// Added to every colour of the person, on the scale from 0 to 1.
  public var brightness = 0.0
  /// 0 is grey, 1 leaves the colours, more strengthens them.
  public var saturation = 1.0
  public var brightensFirst = true
  /// Left and right exchanged, after everything else.
  public var isMirrored = false

  public init() {}

  /// The plain cut-out.
  public static let none = PictureAugmentation()

  /// How far an augmentation may go.
  public struct Range: Sendable, Equatable {
    /// Largest shift either way, as a fraction of the side.
    public var shift: Double
    public var scale: ClosedRange<Double>
    /// Largest turn either way, in degrees.
    public var rotationInDegrees: Double
    /// Largest change of brightness either way.
    public var brightness: Double
    public var saturation: ClosedRange<Double>

    public init(
      shift: Double, scale: ClosedRange<Double>, rotationInDegrees: Double, brightness: Double,
      saturation: ClosedRange<Double>
    ) {
      self.shift = shift
      self.scale = scale
      self.rotationInDegrees = rotationInDegrees
      self.brightness = brightness
      self.saturation = saturation
    }

    /// Pre-training on several views.
    public static let pretext = Range(
      shift: 0.08, scale: 0.9...1.1, rotationInDegrees: 10, brightness: 32.0 / 255, saturation: 0.5...1.5)
    /// Pre-training on one view, where the crop stands in for another camera.
    public static let singleView = Range(
      shift: 0.15, scale: 0.7...1.3, rotationInDegrees: 45, brightness: 32.0 / 255, saturation: 0.5...1.5)
    /// Transfer: a turn alone.
    public static let transfer = Range(
      shift: 0, scale: 1...1, rotationInDegrees: 10, brightness: 0, saturation: 1...1)
  }

  /// Draws from a range; the mirror is left to the caller.
  public init(_ range: Range, from random: inout some RandomNumberGenerator) {
    shift = SIMD2(
      random.uniform(in: -range.shift...range.shift), random.uniform(in: -range.shift...range.shift))
    scale = random.uniform(in: range.scale)
    rotation = random.uniform(in: -range.rotationInDegrees...range.rotationInDegrees) * .pi / 180
    brightness = random.uniform(in: -range.brightness...range.brightness)
    saturation = random.uniform(in: range.saturation)
    brightensFirst = random.uniform() < 0.5
  }
}
