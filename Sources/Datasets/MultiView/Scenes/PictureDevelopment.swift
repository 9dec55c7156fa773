import Geometry

extension DrawnPerson {
  /// The finished picture: blur, gain, gamma and noise of the camera, then the colour part of an augmentation on the person
  /// alone.
  ///
  /// - Parameters:
  ///   - sensor: nil for a perfect camera.
  ///   - backdrop: the colour behind each pixel; nil where the background is removed: black, whatever the camera does.
  func developed(
    _ augmentation: PictureAugmentation, sensor: SceneSensor?, backdrop: ((_ column: Int, _ row: Int) -> SIMD3<Float>)?
  ) -> PersonPicture {
    var drawn = self
    if let backdrop { drawn.fill(behind: backdrop) }
    if let weights = sensor?.blurWeights { drawn.blur(weights) }
    let isRemoved = backdrop == nil
    drawn.colors.withUnsafeMutableBufferPointer { colors in
      drawn.coverage.withUnsafeBufferPointer { coverage in
        for pixel in 0..<size * size {
          let share = min(coverage[pixel], 1)
          if isRemoved, share < 1e-3 {
            (colors[3 * pixel], colors[3 * pixel + 1], colors[3 * pixel + 2]) = (0, 0, 0)
            continue
          }
          var color = SIMD3(colors[3 * pixel], colors[3 * pixel + 1], colors[3 * pixel + 2])
          if isRemoved { color /= share }
          if let sensor { color = sensor.applied(to: color, pixel: pixel) }
          let changed = augmentation.recolored(color.clamped(lowerBound: .zero, upperBound: .one))
          // Behind the person colours stay; where nothing is left behind, the person fades into black.
          let result = isRemoved ? changed * share : color + (changed - color) * share
          for channel in 0..<3 { colors[3 * pixel + channel] = min(max(result[channel], 0), 1) }
        }
      }
    }
    return PersonPicture(size: size, colors: drawn.colors)
  }

  private mutating func fill(behind backdrop: (_ column: Int, _ row: Int) -> SIMD3<Float>) {
    for row in 0..<size {
      for column in 0..<size {
        let pixel = row * size + column
        let share = 1 - coverage[pixel]
        guard share > 0 else { continue }
        let behind = backdrop(column, row) * share
        for channel in 0..<3 { colors[3 * pixel + channel] += behind[channel] }
      }
    }
  }
}

extension PictureAugmentation {
  /// A colour after the change of brightness and of saturation; grey is the luma of BT.601.
  @inline(__always)
  public func recolored(_ color: SIMD3<Float>) -> SIMD3<Float> {
    let (brightness, saturation) = (Float(brightness), Float(saturation))
    func brightened(_ color: SIMD3<Float>) -> SIMD3<Float> {
      (color + brightness).clamped(lowerBound: .zero, upperBound: .one)
    }
    func saturated(_ color: SIMD3<Float>) -> SIMD3<Float> {
      let grey = (color * SIMD3(0.299, 0.587, 0.114)).sum()
      return (grey + (color - grey) * saturation).clamped(lowerBound: .zero, upperBound: .one)
    }
    return brightensFirst ? saturated(brightened(color)) : brightened(saturated(color))
  }
}
