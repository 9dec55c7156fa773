import CPUShim
import Compute
import RasterShim

extension CPUDevice {
  public func rasterize(_ surfaces: RasterSurfaces, samplesPerSide: Int, picture: TensorView, coverage: TensorView) {
    orTrap(try rasterizeRule(surfaces, samplesPerSide: samplesPerSide, picture: picture, coverage: coverage))
    launch("rasterize", reading: surfaces.views, writing: [picture, coverage]) {
      guard !coverage.isEmpty else { return }
      let (height, width) = (coverage.shape[1], coverage.shape[2])
      let (vertices, faces) = (surfaces.corners.shape[1], surfaces.faces.shape[0])
      // Few pictures are cut into bands, so that each worker has some; every band places all vertices anew.
      let samples = coverage.shape[0] < 8 ? 1 << 14 : 1 << 17
      let bandHeight = max(1, min(height, samples / (width * samplesPerSide * samplesPerSide)))
      let bands = (height + bandHeight - 1) / bandHeight
      let scratch = raster_scratch(Int64(vertices), Int64(width), Int64(bandHeight), Int64(samplesPerSide))
      let mesh = raster_mesh(
        corners: nil, vertices: Int64(vertices), faces: surfaces.faces.elements(Int32.self), count: Int64(faces),
        colors: nil)
      nonisolated(unsafe) let shared = mesh
      runTiles(coverage.shape[0] * bands, scratchBytes: Int(scratch)) { tile, scratch in
        let (element, first) = (tile / bands, tile % bands * bandHeight)
        var mesh = shared
        mesh.corners = UnsafePointer(surfaces.corners.elements(Float.self) + element * vertices * 3)
        mesh.colors = UnsafePointer(surfaces.colors.elements(Float.self) + element * vertices * 3)
        raster_draw(
          &mesh, Int64(width), Int64(first), Int64(min(first + bandHeight, height)), Int64(samplesPerSide), scratch,
          picture.elements(Float.self) + element * height * width * 3,
          coverage.elements(Float.self) + element * height * width)
      }
    }
  }
}
