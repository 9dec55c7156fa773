import Compute
import FileFormats
import Foundation
import Geometry
import Testing

@testable import Datasets

/// Against values of the official implementation on a few vertices.
@Suite struct AnnyTests {
  private let file: Safetensors

  init() throws {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    file = try Safetensors(contentsOf: fixtures.appendingPathComponent("Fixtures/anny_subset.safetensors"))
  }

  private func points(_ name: String) throws -> [SIMD3<Double>] {
    let values = try file.tensor(name).doubles()
    return stride(from: 0, to: values.count, by: 3).map { SIMD3(values[$0], values[$0 + 1], values[$0 + 2]) }
  }

  private func phenotype(_ number: Int) throws -> Phenotype {
    let p = try file.tensor("case_\(number)/phenotype", shape: [11]).doubles()
    return Phenotype(
      gender: p[0], age: p[1], muscle: p[2], weight: p[3], height: p[4], proportions: p[5],
      ancestry: SIMD3(p[8], p[9], p[10]))
  }

  /// The body on the fixture's vertices; shapes that it leaves out are zero.
  private func body() throws -> BodyModel {
    let template = try file.tensor("template").floats()
    let parents = try file.tensor("bone_parents").int32s().map(Int.init)
    let bones = parents.count
    let kept = try file.tensor("shape_numbers").int32s().map(Int.init)
    let keptShapes = try file.tensor("shapes").int32s().map { Int16($0) }
    let keptHeads = try points("bone_head_shapes")
    let count = AnnyTargets.factors.count
    var shapes = [Int16](repeating: 0, count: count * template.count)
    var headShapes = [SIMD3<Double>](repeating: .zero, count: count * bones)
    for (row, shape) in kept.enumerated() {
      let from = row * template.count..<(row + 1) * template.count
      shapes.replaceSubrange(shape * template.count..<(shape + 1) * template.count, with: keptShapes[from])
      headShapes.replaceSubrange(shape * bones..<(shape + 1) * bones, with: keptHeads[row * bones..<(row + 1) * bones])
    }
    let skinBones = try file.tensor("skin_bone").int32s()
    let skinWeights = try file.tensor("skin_weight").doubles()
    let skin = SkinWeights(
      (0..<template.count / 3).map { vertex in
        (9 * vertex..<9 * vertex + 9).map { (Int(skinBones[$0]), skinWeights[$0]) }
      })
    return BodyModel(
      name: "subset", faces: [], skeleton: Skeleton(names: (0..<bones).map { "\($0)" }, parents: parents),
      template: template, shapes: shapes, shapeFactors: AnnyTargets.factors, boneHeads: try points("bone_heads"),
      boneHeadShapes: headShapes, skin: skin, jointRegressors: [:])
  }

  @Test(arguments: 0..<5)
  func coefficientsEqualTheOfficialOnes(number: Int) throws {
    let expected = try file.tensor("case_\(number)/coefficients", shape: [192]).doubles()
    let coefficients = try body().coefficients(phenotype(number))
    for (got, want) in zip(coefficients, expected) { #expect(abs(got - want) < 1e-14) }
    // Each of the four blocks sums to 1.
    #expect(abs(coefficients.reduce(0, +) - 4) < 1e-12)
  }

  @Test(arguments: [1, 2])
  func posedBodyEqualsTheOfficialOne(number: Int) throws {
    let body = try body()
    let shaped = body.shaped(try phenotype(number))
    let world = body.skeleton.worldRotations(
      local: try points("case_\(number)/bone_rotvec").map { Matrix3(axisAngle: $0) })
    let root = try points("case_\(number)/root_position")[0]
    let heads = body.skeleton.headPositions(rest: shaped.heads, world: world, root: root)
    // Official values are float32 of metres: 1e-7 rounding; ours add sums of a few dozen float32 terms.
    for (got, want) in zip(heads, try points("case_\(number)/posed_heads")) { #expect(norm(got - want) < 2e-6) }
    let posed = shaped.posed(world: world, root: root)
    for (got, want) in zip(posed, try file.tensor("case_\(number)/posed_vertices").floats()) {
      #expect(abs(got - want) < 2e-6)
    }
  }

  @Test func restPoseIsTheShapedBodyItself() throws {
    let shaped = try body().shaped(try phenotype(1))
    let posed = shaped.posed(world: [Matrix3](repeating: .identity, count: shaped.skeleton.count))
    for (got, want) in zip(posed, shaped.vertices) { #expect(abs(got - want) < 1e-6) }
  }

  @Test func targetsAreNamedAsTheWheelNamesThem() {
    #expect(AnnyTargets.files.count == 192 && Set(AnnyTargets.files).count == 192)
    #expect(AnnyTargets.files[0] == "universal-male-young-minmuscle-minweight.target.gz")
    #expect(AnnyTargets.files[36] == "african-male-young.target.gz")
    #expect(AnnyTargets.files[49] == "height/male-young-minmuscle-minweight-maxheight.target.gz")
    #expect(AnnyTargets.files[191] == "proportions/female-old-maxmuscle-maxweight-uncommonproportions.target.gz")
  }

  @Test func adultsAreDrawnInTheirRanges() {
    var random = PhiloxGenerator(seed: 1, stream: 2)
    var shares = SIMD3<Double>()
    for _ in 0..<3000 {
      let p = Phenotype(adultFrom: &random)
      #expect((2.0 / 3...1).contains(p.age) && (0.25...0.6).contains(p.height))
      #expect((0.1...0.9).contains(p.weight) && (0.1...0.9).contains(p.muscle))
      #expect(abs(p.factorWeights.reduce(0, +) - 7) < 1e-12, "seven groups of factors sum to 1 each")
      shares += p.ancestry / p.ancestry.sum() / 3000
    }
    // A flat Dirichlet share has mean 1/3 and deviation 0.236: four standard errors of 3000 draws.
    for share in 0..<3 { #expect(abs(shares[share] - 1.0 / 3) < 0.018) }
  }
}
