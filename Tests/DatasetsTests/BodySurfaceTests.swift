import Compute
import Foundation
import Geometry
import Testing

@testable import Datasets

@Suite struct BodySurfaceTests {
  @Test(arguments: [(BodySurface.full, 13776), (.medium, 3440), (.small, 860)])
  func surfaceIsClosedWithEulerNumberTwo(surface: BodySurface, faces: Int) {
    #expect(surface.faces.count == faces && surface.positions.count == surface.vertexCount)
    #expect(surface.vertexCount - faces * 3 / 2 + faces == 2)
    let edges = surface.faces.flatMap { [SIMD2($0.x, $0.y), SIMD2($0.y, $0.z), SIMD2($0.z, $0.x)] }
    let distinct = Set(edges)
    #expect(distinct.count == edges.count)
    #expect(edges.allSatisfy { distinct.contains(SIMD2($0.y, $0.x)) })
    #expect(surface.faces.allSatisfy { $0.min() >= 0 && Int($0.max()) < surface.vertexCount })
  }

  @Test func surfacesAreNested() {
    #expect(BodySurface.baseVertices.count == 6890)
    #expect(zip(BodySurface.baseVertices, BodySurface.baseVertices.dropFirst()).allSatisfy(<))
    #expect(Set(BodySurface.small.positions).isSubset(of: BodySurface.medium.positions))
  }

  /// FNV-1a over the numbers, noted when the tables were made: the tables travel unchanged.
  @Test func tablesHoldTheNumbersPacked() {
    func hash(_ numbers: some Sequence<Int>) -> UInt64 {
      numbers.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64(bitPattern: Int64($1))) &* 1_099_511_628_211 }
    }
    func corners(_ surface: BodySurface) -> UInt64 {
      hash(surface.faces.flatMap { [Int($0.x), Int($0.y), Int($0.z)] })
    }
    #expect(hash(BodySurface.baseVertices) == Self.hashes[0])
    for (number, surface) in BodySurface.allCases.enumerated() {
      #expect(corners(surface) == Self.hashes[1 + number])
      for (offset, set) in ["human36", "coco"].enumerated() {
        let bits = surface.jointRegressors[set]?.value.map { Int(Float($0).bitPattern) } ?? []
        #expect(hash(bits) == Self.hashes[4 + 2 * number + offset])
      }
    }
  }

  private static let hashes: [UInt64] = [
    0xd1a6_a563_0afc_50d0, 0xbee2_8356_a793_2baf, 0xd99f_ccd1_0949_18df, 0xf2ff_5dda_e3dd_6060, 0x2e37_eada_7774_12f8,
    0x223f_51e6_d4d1_f03e, 0xbad0_3085_f5c4_f56d, 0x6f62_6591_67e0_2654, 0x4e02_57b5_8974_c4e0, 0xc7f5_5023_3286_0682,
  ]

  @Test(arguments: BodySurface.allCases, [JointSet.human36, .coco])
  func regressorsAreConvexCombinations(surface: BodySurface, set: JointSet) throws {
    let regressor = try #require(surface.jointRegressors[set.name])
    #expect(regressor.rows == set.count && regressor.columns == surface.vertexCount)
    for joint in 0..<regressor.rows {
      let weights = regressor.row(joint).map(\.value)
      #expect(weights.allSatisfy { $0 > 0 } && abs(weights.reduce(0, +) - 1) < 1e-6)
    }
  }
}
