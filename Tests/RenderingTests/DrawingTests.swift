import FileFormats
import Geometry
import Testing

@testable import Rendering

@Suite struct DrawingTests {
  let white = Color(hex: 0xFFFFFF)
  let black = Color(hex: 0x000000)

  @Test func aLineCoversItsWidthAndNothingElse() {
    var image = Image(width: 20, height: 11, color: white)
    image.drawLine(from: [-5, 5.5], to: [30, 5.5], width: 3, color: black)
    for x in 0..<20 {
      for y in 0..<11 { #expect(image.color(x, y) == ((4...6).contains(y) ? .zero : [255, 255, 255]), "\(x), \(y)") }
    }
  }

  @Test func aDiscHasItsAreaAndSoftEdges() {
    var image = Image(width: 41, height: 41, color: white)
    image.drawDisc(at: [20.5, 20.5], diameter: 30, color: black)
    #expect(image.color(20, 20) == .zero && image.color(1, 1) == [255, 255, 255])
    // Coverage is the share of dark in linear light; one pixel of ramp is as much inside as outside.
    let covered = (0..<41 * 41).reduce(0.0) { sum, index in
      sum + 1 - Color(hex: UInt32(image.color(index % 41, index / 41).z)).linear.z
    }
    #expect(abs(covered / (.pi * 225) - 1) < 0.01)
    // A point of the rim is half covered: half of white's light.
    #expect(abs(image.color(35, 20).x - 188) <= 1)
  }

  @Test func whatLiesOutsideIsLeftOut() {
    let blank = Image(width: 8, height: 8, color: white)
    var image = blank
    image.drawLine(from: [-50, -50], to: [-10, 90], width: 4, color: black)
    image.drawDisc(at: [100, 4], diameter: 10, color: black)
    #expect(image == blank)
    image.drawLine(from: [-1e9, 4], to: [1e9, 4], width: 2, color: black, opacity: 0)
    #expect(image == blank)
  }

  @Test func skeletonsShowTheirSides() {
    let set = JointSet.human36
    var positions = [SIMD2<Double>](repeating: [.nan, .nan], count: set.count)
    positions[set.joints.firstIndex(of: "R_Hip")!] = [-1, 0]
    positions[set.joints.firstIndex(of: "R_Knee")!] = [-1, 1]
    positions[set.joints.firstIndex(of: "L_Hip")!] = [1, 0]
    positions[set.joints.firstIndex(of: "L_Knee")!] = [1, 1]
    let image = SkeletonPicture(of: set).image(positions, width: 100, height: 100)
    // The extent is 2 by 1 units, so bones stand at 8 and 92 of 100 columns.
    #expect(image.color(8, 50).x > image.color(8, 50).z + 50)
    #expect(image.color(92, 50).z > image.color(92, 50).x + 50)
    #expect(image.color(50, 50) == image.color(50, 5))
  }

  @Test func aSkeletonWithoutJointsIsABlankPicture() {
    let positions = [SIMD2<Double>](repeating: [.nan, .nan], count: JointSet.mano.count)
    let image = SkeletonPicture(of: .mano).image(positions, width: 9, height: 9)
    #expect(image == Image(width: 9, height: 9, color: SkeletonPicture.ground))
  }
}
