import Compute
import TestSupport
import Testing

struct RasterTests {
  /// Triangles of all sizes in all directions, some of them beyond the borders, at awkward sizes of the picture.
  @Test(arguments: Devices.each, [1, 2, 3, 4])
  func agreesWithTheOracle(device: TestDevice, samplesPerSide: Int) throws {
    var random = RandomSource(seed: 161)
    for (width, height, faces) in [(1, 1, 5), (17, 3, 40), (16, 16, 1), (33, 31, 90), (5, 70, 300)] {
      let scene = Scene.random(2, faces: faces, width: width, height: height, using: &random)
      try check(device, scene, width, height, samplesPerSide)
    }
  }

  /// More faces than a work-group lists at a time, and more pixels than a band has.
  @Test(arguments: Devices.each)
  func manyFaces(device: TestDevice) throws {
    var random = RandomSource(seed: 162)
    try check(device, .random(1, faces: 1500, width: 96, height: 150, using: &random), 96, 150, 1)
    try check(device, .random(9, faces: 30, width: 20, height: 20, using: &random), 20, 20, 2)
  }

  @Test(arguments: Devices.each)
  func nothingIsDrawnOfNothing(device: TestDevice) throws {
    let none = Scene(corners: HostTensor([2, 0, 3], []), faces: [], colors: HostTensor([2, 0, 3], []))
    #expect(try draw(device, none, 5, 4, 2).picture == [Double](repeating: 0, count: 2 * 5 * 4 * 3))
    #expect(try draw(device, none, 5, 4, 2).coverage == [Double](repeating: 0, count: 2 * 5 * 4))
    let empty = Scene(corners: HostTensor([0, 3, 3], []), faces: [[0, 1, 2]], colors: HostTensor([0, 3, 3], []))
    #expect(try draw(device, empty, 5, 4, 2).coverage == [])
    let flat = Scene(
      corners: HostTensor([1, 3, 3], repeating: 1), faces: [[0, 1, 2]], colors: HostTensor([1, 3, 3], repeating: 1))
    #expect(try draw(device, flat, 5, 0, 2).coverage == [])
  }

  /// Faces without area, off the picture, behind the camera, of vertices that do not exist, or not finite.
  @Test(arguments: Devices.each)
  func whatCannotBeSeenIsLeftOut(device: TestDevice) throws {
    let inside: [[Double]] = [[1, 1, 2], [6, 1, 2], [1, 6, 2]]
    for (vertex, corner) in [
      (0, [1.0, 1, -2]), (1, [6, 1, 0]), (2, [.nan, 6, 2]), (0, [1, .infinity, 2]), (1, [6, 1, .nan]),
      (2, [20_000, 6, 2]), (2, [1, -20_000, 2]), (1, [6, 1, 1e7]), (2, [1, 6, .infinity]), (2, [11, 1, 2]),
    ] {
      var corners = inside
      corners[vertex] = corner
      let scene = Scene(
        corners: HostTensor([1, 3, 3], corners.flatMap { $0 }), faces: [[0, 1, 2]],
        colors: HostTensor([1, 3, 3], repeating: 1))
      #expect(try draw(device, scene, 8, 8, 2).coverage.allSatisfy { $0 == 0 }, "\(corner)")
    }
    for faces in [[[0, 1, 3]], [[0, -1, 2]], [[0, 1, 1]], [[Int(Int32.max), 1, 2]]] {
      let scene = Scene(
        corners: HostTensor([1, 3, 3], inside.flatMap { $0 }), faces: faces,
        colors: HostTensor([1, 3, 3], repeating: 1))
      #expect(try draw(device, scene, 8, 8, 2).coverage.allSatisfy { $0 == 0 }, "\(faces)")
    }
    for shift in [-30.0, 30] {
      let scene = Scene(
        corners: HostTensor([1, 3, 3], inside.flatMap { [$0[0] + shift, $0[1], $0[2]] }), faces: [[0, 1, 2]],
        colors: HostTensor([1, 3, 3], repeating: 1))
      #expect(try draw(device, scene, 8, 8, 2).coverage.allSatisfy { $0 == 0 })
    }
  }

  /// A face far larger than the picture covers every sample, with exact edges at any distance.
  @Test(arguments: Devices.each)
  func aHugeFaceCoversAll(device: TestDevice) throws {
    let scene = Scene(
      corners: HostTensor([1, 3, 3], [-16_000, -16_000, 3, 16_000, -16_000, 3, -16_000, 16_384, 3]),
      faces: [[0, 1, 2]],
      colors: HostTensor([1, 3, 3], repeating: 0.5))
    let drawn = try draw(device, scene, 19, 5, 4)
    #expect(drawn.coverage.allSatisfy { $0 == 1 })
    expectNone(mismatch(drawn.picture, drawn.picture.map { _ in 0.5 }, relative: 4 * ElementType.float32.epsilon))
  }

  // MARK: - Conventions

  /// A fan about a point of the grid, its edges through samples' middles: every sample belongs to one face alone, so the
  /// colours of all faces at 1 add up to the coverage of their union.
  @Test(arguments: Devices.each, [1, 2])
  func sharedEdgesAreDrawnOnce(device: TestDevice, samplesPerSide: Int) throws {
    let rim: [[Double]] = [
      [0.5, 0.5], [4.5, 0.5], [8.5, 0.5], [8.5, 4.5], [8.5, 8.5], [4.5, 8.5], [0.5, 8.5], [0.5, 4.5],
    ]
    let points = [[4.5, 4.5]] + rim
    let corners = HostTensor([1, 9, 3], points.flatMap { $0 + [2] })
    let fan = (0..<8).map { [0, 1 + $0, 1 + ($0 + 1) % 8] }
    let colors = HostTensor([1, 9, 3], repeating: 1)
    // Each face alone; the sum must be the fan's, without gaps or double samples.
    var sum = [Double](repeating: 0, count: 81)
    for (number, face) in fan.enumerated() {
      let turned = number.isMultiple(of: 2) ? face : face.reversed()
      let alone = try draw(device, Scene(corners: corners, faces: [turned], colors: colors), 9, 9, samplesPerSide)
      for pixel in sum.indices { sum[pixel] += alone.coverage[pixel] }
    }
    let square = try draw(device, Scene(corners: corners, faces: fan, colors: colors), 9, 9, samplesPerSide).coverage
    #expect(sum == square)
    // Samples at 0.5 are on the left or top edge and belong to the square; those at 8.5 do not.
    if samplesPerSide == 1 {
      #expect(square == (0..<81).map { $0 % 9 < 8 && $0 / 9 < 8 ? 1 : 0 })
    }
  }

  /// Two faces in one place: the first is seen, whatever stands before it in the list and in whichever direction.
  @Test(arguments: Devices.each)
  func theFirstOfEqualsIsSeen(device: TestDevice) throws {
    // Twice the same corners, the second time in another colour, among faces off the picture.
    let triangle: [[Double]] = [[0, 0, 2], [16, 0, 3], [0, 16, 4]]
    let corners = HostTensor(
      [1, 9, 3], (triangle + triangle + [[90, 90, 1], [99, 90, 1], [90, 99, 1]]).flatMap { $0 })
    let colors = HostTensor([1, 9, 3], (0..<27).map { $0 < 9 ? 0.25 : 0.75 })
    let away = [[Int]](repeating: [6, 7, 8], count: 300)
    for (faces, expected) in [([[0, 1, 2], [3, 4, 5]], 0.25), ([[3, 4, 5]] + away + [[0, 1, 2]], 0.75)] {
      let drawn = try draw(device, Scene(corners: corners, faces: faces, colors: colors), 16, 16, 1)
      let seen = drawn.picture.enumerated().filter { drawn.coverage[$0.offset / 3] == 1 }.map(\.element)
      #expect(seen.count == 3 * 120)
      expectNone(mismatch(seen, seen.map { _ in expected }, relative: 4 * ElementType.float32.epsilon))
    }
  }

  /// The middle of an edge between depths 1 and 3 on the picture is at a quarter of the way on the surface.
  @Test(arguments: Devices.each)
  func coloursFollowTheSurfaceAndNotThePicture(device: TestDevice) throws {
    let scene = Scene(
      corners: HostTensor([1, 4, 3], [0, 0, 1, 0, 16, 1, 32, 0, 3, 32, 16, 3]), faces: [[0, 1, 2], [2, 1, 3]],
      colors: HostTensor([1, 4, 3], [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]))
    let drawn = try draw(device, scene, 32, 16, 2)
    for row in [0, 7, 15] {
      let around = (drawn.picture[3 * (row * 32 + 15)] + drawn.picture[3 * (row * 32 + 16)]) / 2
      // The two pixels lie at 15.5 and 16.5; the curve's bend between them is below 1e-3.
      #expect(abs(around - 0.25) < 1e-3)
    }
  }

  // MARK: - Properties

  @Test(arguments: Devices.each)
  func theOrderOfFacesAndTheBatchDoNotMatter(device: TestDevice) throws {
    var random = RandomSource(seed: 163)
    let scene = Scene.random(3, faces: 200, width: 40, height: 37, using: &random)
    let drawn = try draw(device, scene, 40, 37, 2)
    var reversed = scene
    reversed.faces.reverse()
    #expect(try draw(device, reversed, 40, 37, 2) == drawn)
    let size = scene.corners.values.count / 3
    let middle = Scene(
      corners: HostTensor([1] + scene.corners.shape.dropFirst(), Array(scene.corners.values[size..<2 * size])),
      faces: scene.faces,
      colors: HostTensor([1] + scene.corners.shape.dropFirst(), Array(scene.colors.values[size..<2 * size])))
    let alone = try draw(device, middle, 40, 37, 2)
    #expect(alone.coverage == Array(drawn.coverage[40 * 37..<2 * 40 * 37]))
    #expect(alone.picture == Array(drawn.picture[3 * 40 * 37..<2 * 3 * 40 * 37]))
  }

  @Test(arguments: Devices.each)
  func equalCallsGiveEqualBits(device: TestDevice) throws {
    var random = RandomSource(seed: 164)
    let scene = Scene.random(2, faces: 500, width: 61, height: 64, using: &random)
    let first = try draw(device, scene, 61, 64, 2)
    for _ in 0..<3 { #expect(try draw(device, scene, 61, 64, 2) == first) }
  }

  @Test(arguments: Devices.each)
  func onlyTheResultsAreWritten(device: TestDevice) throws {
    var random = RandomSource(seed: 165)
    let scene = Scene.random(1, faces: 4, width: 8, height: 8, using: &random)
    let surfaces = surfaces(device, scene)
    let (picture, coverage) = (device.output([1, 8, 8, 3], as: .float32), device.output([1, 8, 8], as: .float32))
    let views = surfaces.views + [picture.view, coverage.view]
    let before = views.map(\.buffer.version)
    device.device.rasterize(surfaces, samplesPerSide: 2, picture: picture.view, coverage: coverage.view)
    let after = views.map(\.buffer.version)
    #expect(after[..<3] == before[..<3])
    #expect(after[3] > before[3] && after[4] > before[4])
  }

  @Test func theRuleSaysWhatFits() {
    func view(_ shape: [Int], _ type: ElementType = .float32) -> TensorView {
      TensorView(buffer: Buffer(byteCount: 4096), elementType: type, shape: shape)
    }
    func refusal(
      corners: TensorView = view([2, 5, 3]), faces: TensorView = view([4, 3], .int32),
      colors: TensorView = view([2, 5, 3]),
      side: Int = 2, picture: TensorView = view([2, 6, 7, 3]), coverage: TensorView = view([2, 6, 7])
    ) -> String? {
      do {
        try rasterizeRule(
          RasterSurfaces(corners: corners, faces: faces, colors: colors), samplesPerSide: side, picture: picture,
          coverage: coverage)
        return nil
      } catch { return (error as? ComputeError)?.what }
    }
    #expect(refusal() == nil)
    #expect(
      refusal(colors: view([2, 4, 3])) == "rasterize: corners [2, 5, 3], colours [2, 4, 3], faces [4, 3]")
    #expect(refusal(faces: view([4, 4], .int32))?.hasSuffix("faces [4, 4]") == true)
    #expect(
      refusal(picture: view([3, 6, 7, 3]))
        == "rasterize: picture [3, 6, 7, 3], coverage [2, 6, 7] for corners [2, 5, 3]")
    #expect(refusal(coverage: view([2, 7, 6]))?.hasPrefix("rasterize: picture") == true)
    #expect(refusal(corners: view([2, 5, 3], .float64))?.hasPrefix("rasterize: types float64") == true)
    #expect(refusal(faces: view([4, 3], .int64))?.hasPrefix("rasterize: types") == true)
    #expect(refusal(side: 5) == "rasterize: 5 samples to a pixel's side")
  }

  // MARK: - Scenes

  private struct Scene {
    var corners: HostTensor
    var faces: [[Int]]
    var colors: HostTensor

    /// Vertices on and about the picture at depths from 1 to 3, and faces between any of them.
    static func random(_ batch: Int, faces: Int, width: Int, height: Int, using random: inout RandomSource) -> Scene {
      let vertices = max(3, faces / 2)
      var corners: [Double] = []
      for _ in 0..<batch * vertices {
        let x = (random.signed() * 0.7 + 0.5) * Double(width)
        let y = (random.signed() * 0.7 + 0.5) * Double(height)
        corners += [x, y, 2 + random.signed()].map { Double(Float($0)) }
      }
      let colors = (0..<batch * vertices * 3).map { _ in abs(random.signed()) }
      return Scene(
        corners: HostTensor([batch, vertices, 3], corners),
        faces: (0..<faces).map { _ in (0..<3).map { _ in Int.random(in: 0..<vertices, using: &random) } },
        colors: HostTensor([batch, vertices, 3], colors))
    }
  }

  private struct Drawn: Equatable {
    let picture, coverage: [Double]
  }

  private func surfaces(_ device: TestDevice, _ scene: Scene) -> RasterSurfaces {
    let faces = HostTensor([scene.faces.count, 3], scene.faces.flatMap { $0.map(Double.init) })
    return RasterSurfaces(
      corners: device.input(scene.corners, as: .float32), faces: device.input(faces, as: .int32),
      colors: device.input(scene.colors, as: .float32))
  }

  private func draw(
    _ device: TestDevice, _ scene: Scene, _ width: Int, _ height: Int, _ samplesPerSide: Int
  ) throws -> Drawn {
    let batch = scene.corners.shape[0]
    let picture = device.output([batch, height, width, 3], as: .float32)
    let coverage = device.output([batch, height, width], as: .float32)
    device.device.rasterize(
      surfaces(device, scene), samplesPerSide: samplesPerSide, picture: picture.view, coverage: coverage.view)
    return Drawn(picture: try picture.values(), coverage: try coverage.values())
  }

  /// Coverage must be exact but for the float32 sum of shares; colours where no two faces are too near to tell apart.
  private func check(
    _ device: TestDevice, _ scene: Scene, _ width: Int, _ height: Int, _ samplesPerSide: Int
  ) throws {
    let oracle = RasterOracle(
      corners: scene.corners, faces: scene.faces, colors: scene.colors, width: width, height: height,
      samplesPerSide: samplesPerSide)
    let drawn = try draw(device, scene, width, height, samplesPerSide)
    let epsilon = ElementType.float32.epsilon
    expectNone(mismatch(drawn.coverage, oracle.coverage.values, relative: 2 * epsilon, absolute: 0))
    // Weights are sums of three float32 products of edge functions, which are rounded once each: errors of 1 / depth are
    // a few eps, and so are those of shares, which are at most 1 like the colours.
    let isClear = oracle.leads.map { $0 > 32 * epsilon }
    #expect(isClear.count { !$0 } <= isClear.count / 50 + 1, "almost all pixels are compared")
    let allowed = drawn.picture.indices.map { isClear[$0 / 3] ? 24 * epsilon : 1 }
    expectNone(mismatch(drawn.picture, oracle.picture.values, allowed: allowed))
  }
}
