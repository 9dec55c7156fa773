import Foundation

/// An opaque sRGB colour.
public struct Color: Equatable, Sendable {
  /// Red, green and blue as they are stored in files, each from 0 to 1.
  public var encoded: SIMD3<Double>

  public init(encoded: SIMD3<Double>) { self.encoded = encoded.clamped(lowerBound: .zero, upperBound: .one) }

  /// A colour as web pages write it: `0xRRGGBB`.
  public init(hex: UInt32) {
    self.init(encoded: SIMD3(Double(hex >> 16 & 255), Double(hex >> 8 & 255), Double(hex & 255)) / 255)
  }

  /// Light intensities, which add and average as light does.
  public init(linear: SIMD3<Double>) {
    let light = linear.clamped(lowerBound: .zero, upperBound: .one)
    self.init(encoded: SIMD3(Self.encode(light.x), Self.encode(light.y), Self.encode(light.z)))
  }

  /// The light intensities of the three channels, from 0 to 1.
  public var linear: SIMD3<Double> {
    SIMD3(Self.decode(encoded.x), Self.decode(encoded.y), Self.decode(encoded.z))
  }

  /// Red, green and blue from 0 to 255.
  public var bytes: SIMD3<UInt8> { SIMD3<UInt8>(clamping: SIMD3<Int>((encoded * 255).rounded(.toNearestOrEven))) }

  /// The colour as style sheets write it: `#rrggbb`.
  public var css: String {
    let number = (0..<3).reduce(1) { $0 << 8 | Int(bytes[$1]) }
    return "#" + String(number, radix: 16).dropFirst()
  }

  // The transfer function of IEC 61966-2-1.
  private static func encode(_ light: Double) -> Double {
    light <= 0.003_130_8 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
  }

  private static func decode(_ value: Double) -> Double {
    value <= 0.040_45 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
  }
}

// MARK: - Oklab

extension Color {
  /// The nearest colour to lightness (0...1), chroma and hue (in degrees) of Oklch.
  ///
  /// Equal steps there look equally far apart. Source: B. Ottosson, "A perceptual color space for image
  /// processing", 2020.
  public init(lightness: Double, chroma: Double, hueInDegrees: Double) {
    let hue = hueInDegrees * .pi / 180
    let (a, b) = (chroma * cos(hue), chroma * sin(hue))
    let l = lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b
    let m = lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b
    let s = lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b
    let (l3, m3, s3) = (l * l * l, m * m * m, s * s * s)
    self.init(
      linear: SIMD3(
        4.076_741_662_1 * l3 - 3.307_711_591_3 * m3 + 0.230_969_929_2 * s3,
        -1.268_438_004_6 * l3 + 2.609_757_401_1 * m3 - 0.341_319_396_5 * s3,
        -0.004_196_086_3 * l3 - 0.703_418_614_7 * m3 + 1.707_614_701_0 * s3))
  }
}

// MARK: - The house's colours

extension Color {
  /// What is true: warm clay.
  public static let clay = Color(hex: 0xCFBBA6)
  /// What a model predicts: slate blue.
  public static let slate = Color(hex: 0x8FAACB)
}
