import Geometry
import Testing

@testable import Rendering

/// A view in which world x and y are pixel column and row, and z is depth.
private func flatView(_ width: Int, _ height: Int) -> View {
  View(
    Camera(
      rotation: .identity, translation: .zero, focalLength: [1, 1], centre: .zero, imageSize: SIMD2(width, height)),
    projection: .orthographic)
}

@Suite struct FragmentsTests {
  @Test func aPixelBelongsToATriangleThatHoldsItsMiddle() {
    let mesh = TriangleMesh(vertices: [[0, 0, 1], [8, 0, 1], [0, 8, 1]], faces: [[0, 1, 2]])
    let fragments = Fragments(of: mesh, in: flatView(10, 9))
    for y in 0..<9 {
      for x in 0..<10 {
        let isInside = (Double(x) + 0.5) + (Double(y) + 0.5) <= 8
        #expect((fragments.face[y * 10 + x] == 0) == isInside, "pixel \(x), \(y)")
      }
    }
  }

  /// The diagonal runs through pixel middles, where rounding could leave holes.
  @Test(arguments: [7.0, 10, 13, 29.3])
  func trianglesThatShareAnEdgeLeaveNoHole(side: Double) {
    let mesh = TriangleMesh(
      vertices: [[0, 0, 1], [side, 0, 1], [side, side, 1], [0, side, 1]], faces: [[0, 1, 2], [2, 3, 0]])
    let fragments = Fragments(of: mesh, in: flatView(40, 40))
    let count = (0..<40).count { Double($0) + 0.5 <= side }
    #expect(fragments.face.count { $0 >= 0 } == count * count)
  }

  @Test func theNearerTriangleHidesTheOther() {
    // One plane rises, the other falls; they cross in the middle column.
    let vertices: [SIMD3<Double>] = [[0, -9, 1], [0, 29, 1], [11, 10, 12], [11, -9, 1], [11, 29, 1], [0, 10, 12]]
    for faces in [[SIMD3<Int32>(0, 1, 2), [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]] {
      let fragments = Fragments(of: TriangleMesh(vertices: vertices, faces: faces), in: flatView(11, 20))
      let rising = faces[0] == [0, 1, 2] ? 0 : 1
      for x in [0, 4, 6, 10] {
        let pixel = 10 * 11 + x
        #expect(fragments.face[pixel] == Int32(x < 5 ? rising : 1 - rising))
        let depth = 1 + min(Double(x) + 0.5, 10.5 - Double(x))
        #expect(abs(Double(fragments.depth(at: pixel, .orthographic)) - depth) < 1e-5)
      }
    }
  }

  @Test func whatReachesBehindTheCameraAndWhatHasNoAreaIsLeftOut() {
    var view = flatView(4, 4)
    view.projection = .perspective
    let mesh = TriangleMesh(
      vertices: [[0, 0, -1], [9, 0, 1], [0, 9, 1], [1, 1, 1], [2, 2, 1]], faces: [[0, 1, 2], [3, 4, 3]])
    #expect(Fragments(of: mesh, in: view).face.allSatisfy { $0 == -1 })
  }

  /// The point that a pixel's weights name must project onto the middle of that pixel.
  @Test(arguments: [View.Projection.perspective, .orthographic])
  func weightsNameThePointThatIsSeen(projection: View.Projection) {
    let mesh = TriangleMesh.icosphere(subdivisions: 1)
    let view = View(
      framing: mesh.vertices, from: Viewpoint.bodyFront.turned(byDegrees: 20), imageSize: SIMD2(40, 50),
      projection: projection)
    let fragments = Fragments(of: mesh, in: view)
    var seen = 0
    for pixel in 0..<40 * 50 where fragments.face[pixel] >= 0 {
      let face = mesh.faces[Int(fragments.face[pixel])]
      let (a, b, c) = (mesh.vertices[Int(face.x)], mesh.vertices[Int(face.y)], mesh.vertices[Int(face.z)])
      let w = SIMD2<Double>(fragments.weights[pixel])
      let place = view.project(a + (b - a) * w.x + (c - a) * w.y)
      #expect(abs(place.x - Double(pixel % 40) - 0.5) < 1e-4)
      #expect(abs(place.y - Double(pixel / 40) - 0.5) < 1e-4)
      #expect(abs(place.z - Double(fragments.depth(at: pixel, projection))) < 1e-4)
      seen += 1
    }
    #expect(seen > 500)
  }

  @Test func aSphereCoversItsDisc() {
    let mesh = TriangleMesh.icosphere(subdivisions: 4)
    var camera = Camera(
      at: [0, -5, 0], lookingAt: .zero, up: [0, 0, 1], focalLength: 80, imageSize: SIMD2(200, 200))
    camera.centre = [100, 100]
    let fragments = Fragments(of: mesh, in: View(camera, projection: .orthographic))
    // The polyhedron lies inside the sphere by less than 1 - cos(half an edge) = 0.1 %; pixels round at the rim.
    let covered = Double(fragments.face.count { $0 >= 0 })
    #expect(abs(covered / (.pi * 80 * 80) - 1) < 0.005)
    #expect(abs(fragments.depth(at: 100 * 200 + 100, .orthographic) - 4) < 0.005)
    let offset = 40.5 / 80
    #expect(
      abs(Double(fragments.depth(at: 100 * 200 + 140, .orthographic)) - (5 - (1 - offset * offset).squareRoot()))
        < 0.005)
  }
}

@Suite struct ViewTests {
  @Test(arguments: [View.Projection.perspective, .orthographic])
  func framingFillsThePictureUpToItsMargin(projection: View.Projection) {
    let points: [SIMD3<Double>] = [[1, 2, 3], [4, 2, 9], [-1, 0, 0], [0, 7, 1]]
    let view = View(
      framing: points, from: Viewpoint(from: [1, -2, 0.5], up: [0, 0, 1]), imageSize: SIMD2(300, 200),
      projection: projection, margin: 0.1)
    let places = points.map(view.project)
    let (left, right) = (places.map(\.x).min()!, places.map(\.x).max()!)
    let (top, bottom) = (places.map(\.y).min()!, places.map(\.y).max()!)
    #expect(left >= 30 - 1e-6 && right <= 270 + 1e-6 && top >= 20 - 1e-6 && bottom <= 180 + 1e-6)
    #expect(abs(left - 30) < 1e-6 || abs(top - 20) < 1e-6)
    #expect(abs(left + right - 300) < 1e-6 && abs(top + bottom - 200) < 1e-6)
    // Up in the world is up in the picture.
    #expect(view.project([0, 0, 1]).y < view.project(.zero).y)
  }

  @Test func walkingAroundGoesToTheSubjectsLeft() {
    let left = Viewpoint.bodyFront.turned(byDegrees: 90)
    #expect(norm(left.from - [1, 0, 0]) < 1e-12)
    let above = Viewpoint.bodyFront.raised(byDegrees: 30)
    #expect(norm(above.from - [0, -0.75.squareRoot(), 0.5]) < 1e-12)
    #expect(Viewpoint.camera.raised(byDegrees: 30).from.y < 0)
  }

  @Test func raysMeetTheirPixels() {
    let points: [SIMD3<Double>] = [[1, 2, 3], [4, 2, 9]]
    for projection in [View.Projection.perspective, .orthographic] {
      let view = View(framing: points, from: .bodyFront, imageSize: SIMD2(30, 20), projection: projection)
      let (origin, direction) = view.ray(through: [11, 3])
      let place = view.camera.rotation.transposed * (origin + direction * 5 - view.camera.translation)
      let pixel = view.project(place)
      #expect(abs(pixel.x - 11) < 1e-9 && abs(pixel.y - 3) < 1e-9)
    }
  }
}
