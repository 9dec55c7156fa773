import Compute
import Kernels

extension OpenCLDevice {
  public func rasterize(_ surfaces: RasterSurfaces, samplesPerSide: Int, picture: TensorView, coverage: TensorView) {
    orTrap(try rasterizeRule(surfaces, samplesPerSide: samplesPerSide, picture: picture, coverage: coverage))
    for view in [picture, coverage] { view.buffer.markWritten() }
    guard !coverage.isEmpty else { return }
    let (batch, height, width) = (coverage.shape[0], coverage.shape[1], coverage.shape[2])
    let tileWidth = Swift.min(16, groupSize)
    let tileHeight = groupSize / tileWidth
    let (across, down) = ((width + tileWidth - 1) / tileWidth, (height + tileHeight - 1) / tileHeight)
    // Some drivers take no more than 65,535 groups in a dimension but the first.
    for first in stride(from: 0, to: batch, by: 32_768) {
      let elements = first..<Swift.min(first + 32_768, batch)
      let views = [surfaces.corners, surfaces.faces, surfaces.colors, picture, coverage].map {
        $0.rank == 2 ? $0 : $0.sliced(axis: 0, elements)
      }
      launch(
        "rasterize",
        KernelKey(source: .raster, function: "rasterize", isDouble: false, signature: [samplesPerSide]),
        defines: [
          "#define GROUP \(groupSize)", "#define TILE_WIDTH \(tileWidth)", "#define SIDE \(samplesPerSide)",
          "#define REACH 16384",
        ],
        [.int(surfaces.corners.shape[1]), .int(surfaces.faces.shape[0]), .int(width), .int(height)]
          + views.flatMap { [.buffer($0.buffer), .int($0.offset)] },
        global: [across * groupSize, down, elements.count], local: [groupSize, 1, 1],
        byteCount: views.reduce(0) { $0 + Self.distinctByteCount($1) })
    }
  }
}
