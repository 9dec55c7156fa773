import FileFormats
import Geometry
import Testing

@testable import Rendering

extension Image {
  func color(_ x: Int, _ y: Int) -> SIMD3<Int> {
    let at = (y * width + x) * 3
    return SIMD3(Int(pixels[at]), Int(pixels[at + 1]), Int(pixels[at + 2]))
  }

  func brightness(_ x: Int, _ y: Int) -> Int { color(x, y).wrappedSum() }
}

@Suite struct MeshPictureTests {
  let sphere = TriangleMesh.icosphere(subdivisions: 3)

  @Test func aSphereIsLitFromTheUpperLeftAndShadesTheFloor() {
    let image = MeshPicture(panelSize: SIMD2(64, 80), samplesPerSide: 2).image(of: sphere, color: .slate)
    #expect(image.width == 64 && image.height == 80)
    #expect(image.brightness(22, 28) > image.brightness(42, 52) + 150)
    // Slate is blue, and the wall behind is light.
    #expect(image.color(22, 40).z > image.color(22, 40).x)
    #expect(image.brightness(1, 1) > 700)
    // The floor right under the sphere is darker than the floor beside it.
    #expect(image.brightness(32, 68) < image.brightness(2, 68) - 20)
  }

  @Test func panelsStandSideBySideAtOneScale() {
    let picture = MeshPicture(panelSize: SIMD2(40, 40), samplesPerSide: 1)
    let small = TriangleMesh(vertices: sphere.vertices.map { $0 * 0.5 }, faces: sphere.faces)
    let image = picture.image(of: [
      [Surface(sphere, color: .clay)], [Surface(small, color: .clay)], [Surface(sphere, color: .clay)],
    ])
    #expect(image.width == 120 && image.height == 40)
    for y in 0..<40 { for x in 0..<40 { #expect(image.color(x, y) == image.color(x + 80, y)) } }
    // 12 pixels left of its middle the large sphere is hit, the small one is not.
    #expect(image.brightness(8, 20) < image.brightness(48, 20) - 100)
  }

  @Test func colorsOfVerticesShowWhereTheyAre() {
    let colors = sphere.vertices.map { $0.z > 0 ? Color(hex: 0xFF0000) : Color(hex: 0x0000FF) }
    let image = MeshPicture(from: .bodyFront, panelSize: SIMD2(40, 40), samplesPerSide: 2)
      .image(of: [[Surface(sphere, colors: colors)]])
    #expect(image.color(20, 12).x > 2 * image.color(20, 12).z)
    #expect(image.color(20, 28).z > 2 * image.color(20, 28).x)
  }

  @Test func surfacesOfOnePanelHideEachOther() {
    let behind = TriangleMesh(vertices: sphere.vertices.map { $0 * 0.5 + [0, 2, 0] }, faces: sphere.faces)
    let picture = MeshPicture(from: .bodyFront, panelSize: SIMD2(40, 40), samplesPerSide: 1)
    let both = [Surface(behind, color: Color(hex: 0xFF0000)), Surface(sphere, color: Color(hex: 0x00FF00))]
    let image = picture.image(of: [both])
    #expect(image.color(20, 20).y > image.color(20, 20).x)
  }
}

@Suite struct ColorTests {
  @Test func hexAndStyleSheetsAgree() {
    #expect(Color(hex: 0x0A80FF).css == "#0a80ff")
    #expect(Color(hex: 0x0A80FF).bytes == [10, 128, 255])
  }

  @Test func linearLightRoundTrips() {
    for value in stride(from: UInt32(0), through: 255, by: 5) {
      let color = Color(hex: value << 16 | value << 8 | (255 - value))
      #expect(Color(linear: color.linear).bytes == color.bytes)
    }
    // Half the light of white is 188 of 255, not 128.
    #expect(Color(linear: SIMD3(repeating: 0.5)).bytes == [188, 188, 188])
  }

  @Test func oklchHasWhiteGreyAndRedWhereTheyBelong() {
    #expect(Color(lightness: 1, chroma: 0, hueInDegrees: 0).bytes == [255, 255, 255])
    #expect(Color(lightness: 0, chroma: 0, hueInDegrees: 0).bytes == [0, 0, 0])
    // The values of sRGB red given with the definition of Oklab.
    #expect(Color(lightness: 0.627_955, chroma: 0.257_683, hueInDegrees: 29.2339).bytes == [255, 0, 0])
  }

  @Test func errorsOnlyGetDarker() {
    let luminance = (0...50).map { step in
      let light = ColorMap.error.color(Double(step) / 50).linear
      return 0.2126 * light.x + 0.7152 * light.y + 0.0722 * light.z
    }
    for (a, b) in zip(luminance, luminance.dropFirst()) { #expect(b < a) }
    #expect(ColorMap.error.color(-1) == ColorMap.error.color(0))
    #expect(ColorMap.error.color(.nan) == ColorMap.error.color(1))
    #expect(ColorMap.error.colors(of: [0, 30, 60], maximum: 60)[1] == ColorMap.error.color(0.5))
  }
}
