import Compute
import Layers
import TestSupport
import Testing

@testable import MAPConNet

/// The loss terms and their options, against naive loops in Double.
@Suite struct LossTests {
  private func tensor(_ values: [Double], _ shape: [Int], _ test: TestDevice) -> Tensor {
    Tensor(values, shape, test.elementType, on: test.device)
  }

  // MARK: Edges

  /// Two meshes of 9 vertices, whose lists are turned against each other as shuffled ones are.
  private static let faces = [strip(9), strip(9, turn: 4)]

  /// Every edge of every face, or each once, at its own pace: a list of pairs is searched for each.
  private static func edgeLoss(_ points: [Double], _ reference: [Double], _ average: EdgeAverage) -> Double {
    func length(_ points: [Double], _ sample: Int, _ a: Int32, _ b: Int32) -> Double {
      var sum = 0.0
      for c in 0..<3 {
        let d = points[(sample * 9 + Int(a)) * 3 + c] - points[(sample * 9 + Int(b)) * 3 + c]
        sum += d * d
      }
      return sum.squareRoot()
    }
    var loss = 0.0
    for (sample, faces) in faces.enumerated() {
      var seen: [(Int32, Int32)] = []
      var sum = 0.0
      for face in faces {
        for (a, b) in [(face.x, face.y), (face.y, face.z), (face.z, face.x)] {
          if average == .uniqueEdges, seen.contains(where: { $0 == (a, b) || $0 == (b, a) }) { continue }
          seen.append((a, b))
          sum += abs(length(points, sample, a, b) / length(reference, sample, a, b) - 1)
        }
      }
      loss += sum / Double(average == .facesSum ? faces.count : seen.count) / 2
    }
    return loss
  }

  @Test(arguments: Devices.underTest, EdgeAverage.allCases)
  func edgesAreAveragedAsChosen(_ test: TestDevice, average: EdgeAverage) throws {
    var random = RandomSource(seed: 41)
    let (points, reference) = (random.signed(54), random.signed(54))
    let faces = MeshFaces(Self.faces, vertexCount: 9, average: average, on: test.device)
    // 7 triangles in a strip have 7 + 7 + 1 distinct edges.
    #expect(faces.count == (average == .facesSum ? 7 : 15))
    let tape = Tape()
    let slot = GradientSlot()
    let loss = EdgeLoss(faces: faces, reference: tensor(reference, [2, 9, 3], test))(
      tape.variable(tensor(points, [2, 9, 3], test), gradient: slot), weight: 0.5)
    let expected = 0.5 * Self.edgeLoss(points, reference, average)
    #expect(abs(try loss.doubles()[0] - expected) <= 64 * test.elementType.epsilon * expected)

    tape.backward(from: [loss])
    guard test.elementType == .float64 else { return }
    let gradient = try test.device.downloadDoubles(try #require(slot.gradient))
    try gradientCheck(at: [points], gradient: [gradient]) { 0.5 * Self.edgeLoss($0[0], reference, average) }
  }

  // MARK: Points

  private func negatives(_ kind: PointNegatives, batch: Int, points: Int, offset: UInt64 = 0) throws -> [Int32] {
    let device = Devices.each[0].device
    let rows = kind.rows(
      batch: batch, points: points, from: RandomStream(seed: 5, offset: offset), on: device)
    return try device.download(rows.rows, as: Int32.self)
  }

  @Test func cyclicNegativesAreTheNextVertices() throws {
    #expect(try negatives(.cyclic, batch: 2, points: 4) == [1, 2, 3, 0])
  }

  @Test func randomNegativesAreOtherVerticesEachAsLikely() throws {
    let points = 5
    var counts = [[Int]](repeating: [Int](repeating: 0, count: points), count: points)
    let draws = 4000
    for (row, k) in try negatives(.random, batch: draws, points: points).enumerated() {
      counts[row % points][Int(k)] += 1
    }
    for j in 0..<points {
      #expect(counts[j][j] == 0)
      // A quarter each; the standard deviation is 27.
      for k in 0..<points where k != j { #expect(abs(counts[j][k] - draws / 4) < 5 * 27) }
    }
  }

  /// They follow from the seed and the position in the stream; samples and passes have their own.
  @Test func randomNegativesFollowFromSeedAndPosition() throws {
    let first = try negatives(.random, batch: 2, points: 50)
    #expect(try negatives(.random, batch: 2, points: 50) == first)
    #expect(try negatives(.random, batch: 2, points: 50, offset: 1) != first)
    #expect(first[..<50] != first[50...])
    #expect(try negatives(.random, batch: 1, points: 1) == [0])
  }

  @Test(arguments: Devices.underTest, PointNegatives.allCases)
  func pointLossTakesItsNegatives(_ test: TestDevice, kind: PointNegatives) throws {
    let (batch, points, channels) = (2, 11, 5)
    var random = RandomSource(seed: 42)
    let count = batch * points * channels
    let (warped, identity) = (random.signed(count), random.signed(count))
    let rows = kind.rows(batch: batch, points: points, from: RandomStream(seed: 9), on: test.device)
    let list = try test.device.download(rows.rows, as: Int32.self)

    func loss(_ warped: [Double], _ identity: [Double]) -> Double {
      var sum = 0.0
      for b in 0..<batch {
        for j in 0..<points {
          let k = Int(list[kind == .cyclic ? j : b * points + j])
          var (positive, negative) = (0.0, 0.0)
          for c in 0..<channels {
            let anchor = warped[(b * points + j) * channels + c]
            let (p, n) = (identity[(b * points + j) * channels + c], identity[(b * points + k) * channels + c])
            positive += (anchor - p) * (anchor - p)
            negative += (anchor - n) * (anchor - n)
          }
          sum += max(0, positive.squareRoot() - negative.squareRoot() + 0.3)
        }
      }
      return 0.7 * sum / Double(batch * points)
    }

    let tape = Tape()
    let slots = [GradientSlot(), GradientSlot()]
    let shape = [batch, points, channels]
    let result = pointTripletLoss(
      warped: tape.variable(tensor(warped, shape, test), gradient: slots[0]),
      identity: tape.variable(tensor(identity, shape, test), gradient: slots[1]), negatives: rows, margin: 0.3,
      weight: 0.7)
    let expected = loss(warped, identity)
    #expect(abs(try result.doubles()[0] - expected) <= 64 * test.elementType.epsilon)

    tape.backward(from: [result])
    guard test.elementType == .float64 else { return }
    let gradients = try slots.map { try test.device.downloadDoubles(try #require($0.gradient)) }
    try gradientCheck(at: [warped, identity], gradient: gradients) { loss($0[0], $0[1]) }
  }

  // MARK: The first pass

  /// One unsupervised step on random meshes.
  private func step(
    _ loss: MAPConNetLossSettings, on test: TestDevice
  ) throws -> (losses: [String: Double], gradient: [Double]) {
    var random = RandomSource(seed: 43)
    func points(_ count: Int) -> Tensor { tensor(random.signed(3 * count), [1, count, 3], test) }
    func faces(_ count: Int) -> MeshFaces { MeshFaces([strip(Int32(count))], vertexCount: count, on: test.device) }
    let batch = MAPConNetBatch(
      identityPoints: points(9), posePoints: points(11), identityFaces: faces(9), poseFaces: faces(11),
      secondPose: points(11))
    let network = try MAPConNetNetwork(MAPConNetArchitecture(width: 2), test.elementType, on: test.device)
    network.initialize(seed: 3)
    let tape = Tape()
    let pass = ForwardPass(network.parameters, isTraining: true, tape: tape, random: RandomStream(seed: 1))
    let terms = try MAPConNetPasses(network, loss: loss).unsupervised(batch, pass).losses
    // Without the first pass's own terms, whether they were computed or not.
    tape.backward(from: terms.filter { !$0.name.hasSuffix("_fp") }.map(\.tensor))
    network.parameters.zeroMissingGradients()
    let values = try terms.map { ($0.name, try $0.tensor.doubles()[0]) }
    return (
      Dictionary(uniqueKeysWithValues: values), try test.device.downloadDoubles(network.parameters.gradients)
    )
  }

  /// Switched off, only the first pass's terms are missing: the proxy, the power iterations and the rest stay.
  @Test(arguments: Devices.underTest)
  func theFirstPassMayOnlyGiveTheProxy(_ test: TestDevice) throws {
    let with = try step(MAPConNetLossSettings(), on: test)
    var loss = MAPConNetLossSettings()
    loss.usesFirstPass = false
    let without = try step(loss, on: test)
    #expect(Set(with.losses.keys).subtracting(without.losses.keys) == ["mesh_loss_fp", "point_loss_fp"])
    for (name, value) in without.losses { #expect(value == with.losses[name], "\(name)") }
    // What reaches shared features is added in another order.
    let scale = with.gradient.map(abs).max() ?? 0
    let difference = mismatch(
      without.gradient, with.gradient, relative: 0, absolute: 1e3 * test.elementType.epsilon * scale)
    #expect(difference == nil, "\(String(describing: difference))")
  }

  /// Factors of 0 leave the contrastive terms out of unsupervised steps too.
  @Test func factorsOfZeroLeaveTheContrastOut() throws {
    let result = try step(.coreNet, on: Devices.underTest[0])
    #expect(Set(result.losses.keys) == ["edge_loss_cc", "rec_loss_cc", "edge_loss_sc", "rec_loss_sc"])
  }

  @Test(arguments: ["reconstruction", "edge", "mesh", "point", "meshMargin", "pointMargin"])
  func negativeFactorsAreRefused(_ key: String) {
    let keys: [String: WritableKeyPath<MAPConNetLossSettings, Double> & Sendable] = [
      "reconstruction": \.reconstruction, "edge": \.edge, "mesh": \.mesh, "point": \.point,
      "meshMargin": \.meshMargin, "pointMargin": \.pointMargin,
    ]
    var settings = MAPConNetSettings()
    if let path = keys[key] { settings.loss[keyPath: path] = -1 }
    let error = #expect(throws: ComputeError.self) { try settings.validate() }
    #expect(error?.kind == .configuration && error?.what == "loss.\(key) is -1.0")
  }
}
