import Compute
import Kernels

extension OpenCLDevice {
  public func rasterize(_ surfaces: RasterSurfaces, samplesPerSide: Int, picture: TensorView, coverage: TensorView) {
    orTrap(try rasterizeRule(surfaces, samplesPerSide: samplesPerSide, picture: picture, coverage: coverage))
    for view in [picture, coverage] { view.buffer.markWritten() }
    guard !coverage.isEmpty else { return }
    let (batch, height, width) = (coverage.shape[0], coverage.shape[1], coverage.shape[2])
    let faces = surfaces.faces.shape[0]
    let tileWidth = Swift.min(16, groupSize)
    let tileHeight = groupSize / tileWidth
    let (across, down) = ((width + tileWidth - 1) / tileWidth, (height + tileHeight - 1) / tileHeight)
    launch(
      "rasterize",
      KernelKey(source: .raster, function: "rasterize", isDouble: false, signature: [samplesPerSide]),
      defines: [
        "#define GROUP \(groupSize)", "#define TILE_WIDTH \(tileWidth)", "#define SIDE \(samplesPerSide)",
        "#define REACH 16384",
      ],
      [.int(surfaces.corners.shape[1]), .int(faces), .int(width), .int(height), .int(across), .int(down)]
        + (surfaces.views + [picture, coverage]).flatMap { [.buffer($0.buffer), .int($0.offset)] },
      global: [batch * across * down * groupSize], local: [groupSize],
      byteCount: (surfaces.views + [picture, coverage]).reduce(0) { $0 + Self.distinctByteCount($1) })
  }
}
