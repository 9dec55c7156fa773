/// Surfaces to be drawn: one set of triangles, and per picture where its corners lie and what colour they have.
public struct RasterSurfaces: Sendable {
  /// float32 `[batch, vertices, 3]`, contiguous: x to the right and y down, in pixels from the picture's corner, so that
  /// the first pixel's middle is at (0.5, 0.5); then the depth in front of the camera, in any unit.
  public let corners: TensorView
  /// int32 `[faces, 3]`, contiguous: which corners make a triangle, in either direction.
  public let faces: TensorView
  /// float32 `[batch, vertices, 3]`, contiguous: the colour at each corner, as it appears.
  public let colors: TensorView

  public init(corners: TensorView, faces: TensorView, colors: TensorView) {
    self.corners = corners
    self.faces = faces
    self.colors = colors
  }

  public var views: [TensorView] { [corners, faces, colors] }
}

/// No composition of other members draws, so every device brings its own; the naive twin is the tests'.
public protocol RasterOperations: AnyObject, Sendable {
  /// Draws triangles with a depth buffer.
  ///
  ///     picture[b, row, column] = mean over the pixel's samples of the colour seen, 0 where nothing is
  ///     coverage[b, row, column] = share of the samples that see a triangle
  ///
  /// Samples lie on a regular grid, `samplesPerSide` to a pixel's side. Corners are first rounded to the nearest 1/256 of
  /// the distance of two samples (ties to even), so that what is inside is a matter of whole numbers. A sample sees a
  /// triangle when it lies inside, or on a top edge (level, the inside below) or a left one (the inside at its right): of
  /// two triangles with a common edge one alone. Of several triangles it sees the one with the greatest 1 / depth, which
  /// is linear on the picture, and of equal ones the first; of a triangle the colour at that point of the surface, not of
  /// the picture. Left out are triangles with a corner that does not exist, that is more than 16,384 pixels from the
  /// picture's corner along x or y, whose depth is not within 1e-6...1e6, or that is not finite.
  ///
  /// Coverage is exact. Colours are float32 arithmetic and differ from device to device by rounding; on one device equal
  /// arguments give equal bits. Constant: no gradient flows through it.
  /// - Parameters:
  ///   - samplesPerSide: 1...4.
  ///   - picture: float32 `[batch, height, width, 3]`, contiguous.
  ///   - coverage: float32 `[batch, height, width]`, contiguous.
  /// - Complexity: about 30 FLOP per triangle and sample of its box on the picture.
  func rasterize(_ surfaces: RasterSurfaces, samplesPerSide: Int, picture: TensorView, coverage: TensorView)
}

/// The contract of `rasterize`, as a pure rule.
public func rasterizeRule(
  _ surfaces: RasterSurfaces, samplesPerSide: Int, picture: TensorView, coverage: TensorView
) throws {
  let (corners, faces, colors) = (surfaces.corners, surfaces.faces, surfaces.colors)
  guard corners.rank == 3, corners.shape[2] == 3, colors.shape == corners.shape, faces.rank == 2, faces.shape[1] == 3
  else {
    throw ComputeError(
      .shape, what: "rasterize: corners \(corners.shape), colours \(colors.shape), faces \(faces.shape)",
      why: "corners and colours are [batch, vertices, 3], faces are [faces, 3]",
      mend: "pass one place and one colour per vertex, and three vertices per face")
  }
  guard picture.rank == 4, picture.shape[0] == corners.shape[0], picture.shape[3] == 3,
    coverage.shape == Array(picture.shape.dropLast()), picture.shape[1] <= 16_384, picture.shape[2] <= 16_384
  else {
    throw ComputeError(
      .shape, what: "rasterize: picture \(picture.shape), coverage \(coverage.shape) for corners \(corners.shape)",
      why: "they are [batch, height, width, 3] and [batch, height, width], at most 16384 pixels high and wide",
      mend: "pass one picture per mesh")
  }
  let views = [corners, colors, picture, coverage]
  guard views.allSatisfy({ $0.elementType == .float32 && $0.isContiguous }), faces.elementType == .int32,
    faces.isContiguous
  else {
    throw ComputeError(
      .shape,
      what: "rasterize: types \((views + [faces]).map { "\($0.elementType)" }.joined(separator: ", ")), strides "
        + "\((views + [faces]).map(\.strides))",
      why: "all are float32 without gaps, but for faces, which are int32",
      mend: "copy them into contiguous tensors first")
  }
  guard (1...4).contains(samplesPerSide) else {
    throw ComputeError(
      .shape, what: "rasterize: \(samplesPerSide) samples to a pixel's side", why: "there are 1 to 4",
      mend: "take 2 for pictures to look at or to learn from")
  }
}
