import FileFormats
import Foundation

/// Cuts the square around a person out of a picture, turned and scaled, and changes the person's colours.
struct PictureCrop {
  let box: PersonBox
  let change: PictureAugmentation

  /// The cut-out of `size` pixels each way.
  ///
  /// The centre of each of its pixels has a place in the picture: the square's centre is moved by the shift, its side
  /// multiplied by the scale, and the person turned clockwise, then mirrored. There the picture, with all that is no person
  /// replaced by the backdrop, is read bilinearly, pixel centres being at halves of integers; outside it is black.
  ///
  /// Brightness and saturation change the person alone, so that black stays black. Grey, to which saturation relates, is
  /// 0.299 red + 0.587 green + 0.114 blue; either step ends at black and at full colour.
  ///
  /// - Parameters:
  ///   - picture: RGB.
  ///   - mask: as large as the picture.
  ///   - backdrop: RGB of any size, laid corner to corner; black where it ends, and where there is none.
  func cut(_ picture: Image, _ mask: PersonMask, backdrop: Image?, size: Int) -> PersonPicture {
    precondition(
      picture.format == .rgb && backdrop?.format ?? .rgb == .rgb && mask.width == picture.width
        && mask.height == picture.height, "PictureCrop: pictures of different kinds")
    let centre = box.centre + change.shift * box.side
    let side = box.side * change.scale
    let (cosine, sine) = (cos(change.rotation), sin(change.rotation))
    var colors = [Float](repeating: 0, count: size * size * 3)
    picture.pixels.withUnsafeBufferPointer { pixels in
      mask.pixels.withUnsafeBufferPointer { isPerson in
        (backdrop?.pixels ?? []).withUnsafeBufferPointer { behind in
          let source = Source(
            pixels: pixels, isPerson: isPerson, width: picture.width, height: picture.height, behind: behind,
            behindWidth: backdrop?.width ?? 0, behindHeight: backdrop?.height ?? 0)
          for row in 0..<size {
            let v = ((Double(row) + 0.5) / Double(size) - 0.5) * side
            for column in 0..<size {
              let u = ((Double(column) + 0.5) / Double(size) - 0.5) * side
              // Turning the person one way is reading the picture turned the other way.
              let reading = source.read(
                x: centre.x + u * cosine + v * sine, y: centre.y - u * sine + v * cosine)
              let color = changed(reading.person, reading.share) + reading.rest
              let target = 3 * (row * size + (change.isMirrored ? size - 1 - column : column))
              for channel in 0..<3 { colors[target + channel] = color[channel] }
            }
          }
        }
      }
    }
    return PersonPicture(size: size, colors: colors)
  }

  /// - Parameters:
  ///   - color: of the person, 0 to 1, times `share`.
  ///   - share: how much of the place is person.
  private func changed(_ color: SIMD3<Float>, _ share: Float) -> SIMD3<Float> {
    guard share > 0 else { return color }
    func brightened(_ color: SIMD3<Float>) -> SIMD3<Float> {
      change.brightness == 0
        ? color
        : (color + Float(change.brightness) * share).clamped(
          lowerBound: .zero, upperBound: SIMD3(repeating: share))
    }
    func saturated(_ color: SIMD3<Float>) -> SIMD3<Float> {
      guard change.saturation != 1 else { return color }
      let grey = SIMD3<Float>(repeating: 0.299 * color.x + 0.587 * color.y + 0.114 * color.z)
      return (grey + Float(change.saturation) * (color - grey)).clamped(
        lowerBound: .zero, upperBound: SIMD3(repeating: share))
    }
    return change.brightensFirst ? saturated(brightened(color)) : brightened(saturated(color))
  }

  /// A picture, its mask and what lies behind it.
  private struct Source {
    let pixels, isPerson: UnsafeBufferPointer<UInt8>
    let width, height: Int
    let behind: UnsafeBufferPointer<UInt8>
    let behindWidth, behindHeight: Int

    /// The bilinear mean of the four pixels around a place.
    func read(x: Double, y: Double) -> Reading {
      var reading = Reading()
      let (x, y) = (x - 0.5, y - 0.5)
      // Far outside there is nothing, and no integer for it either.
      guard x > -1, y > -1, x < Double(width), y < Double(height) else { return reading }
      let (left, top) = (Int(x.rounded(.down)), Int(y.rounded(.down)))
      let (right, bottom) = (Float(x - Double(left)), Float(y - Double(top)))
      add(left, top, (1 - right) * (1 - bottom), to: &reading)
      add(left + 1, top, right * (1 - bottom), to: &reading)
      add(left, top + 1, (1 - right) * bottom, to: &reading)
      add(left + 1, top + 1, right * bottom, to: &reading)
      return reading
    }

    @inline(__always)
    private func add(_ column: Int, _ row: Int, _ weight: Float, to reading: inout Reading) {
      guard column >= 0, row >= 0, column < width, row < height else { return }
      let place = row * width + column
      if isPerson[place] != 0 {
        reading.person += weight / 255 * Self.color(pixels, 3 * place)
        reading.share += weight
      } else if row < behindHeight, column < behindWidth {
        reading.rest += weight / 255 * Self.color(behind, 3 * (row * behindWidth + column))
      }
    }

    @inline(__always)
    private static func color(_ pixels: UnsafeBufferPointer<UInt8>, _ place: Int) -> SIMD3<Float> {
      SIMD3(Float(pixels[place]), Float(pixels[place + 1]), Float(pixels[place + 2]))
    }
  }

  /// What stands at one place of a picture; colours from 0 to 1.
  private struct Reading {
    /// The person's part.
    var person = SIMD3<Float>.zero
    /// How much of the place is person.
    var share: Float = 0
    /// The backdrop's part.
    var rest = SIMD3<Float>.zero
  }
}
