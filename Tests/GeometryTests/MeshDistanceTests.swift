import Compute
import Geometry
import Testing

@Suite struct MeshDistanceTests {
  private func cloud(_ count: Int, seed: UInt64) -> [SIMD3<Double>] {
    var random = PhiloxGenerator(seed: seed, stream: 0)
    return (0..<count).map { _ in SIMD3(random.normal(), 2 * random.normal(), 0.5 * random.normal()) }
  }

  // MARK: PMD

  @Test func pmdIsTheMeanOverVerticesAndCoordinates() {
    // The output's box is centred first: a shift does not count, a third of a vertex's squared distance does.
    let target = [SIMD3(-1.0, -1, -1), SIMD3(1, 1, 1), SIMD3(0, 0, 0), SIMD3(0.5, 0, 0)]
    var output = target.map { $0 + SIMD3(10, 20, 30) }
    #expect(pointMeshDistance(output, target) == 0)
    output[2] += SIMD3(0.3, 0, 0.4)
    #expect(abs(pointMeshDistance(output, target) - 0.25 / 12) < 1e-13)
    // What moves the box moves all: vertex 1 leaves by 2 along x, the others are then off by 1.
    output = target
    output[1].x += 2
    #expect(abs(pointMeshDistance(output, target) - 4.0 / 12) < 1e-15)
  }

  // MARK: Nearest points and Chamfer

  @Test(arguments: [1, 2, 3, 17, 400])
  func nearestPointIsThatOfASearch(count: Int) {
    let points = cloud(count, seed: 1)
    let tree = PointTree(points)
    for query in cloud(50, seed: 2) + points {
      let distances = points.map { dot(query - $0, query - $0) }
      let best = distances.indices.min { (distances[$0], $0) < (distances[$1], $1) }
      let found = tree.nearest(to: query)
      #expect(found.index == best && found.squaredDistance == best.map { distances[$0] })
    }
  }

  @Test func equalDistancesGiveTheLowestNumber() {
    // Points on a lattice, each twice: ties everywhere.
    let lattice = (0..<64).map { k -> SIMD3<Double> in
      let place = SIMD3(k % 4, k / 4 % 4, k / 16)
      return SIMD3<Double>(place)
    }
    let points: [SIMD3<Double>] = lattice.reversed() + lattice
    let between: [SIMD3<Double>] = lattice.map { $0 + SIMD3(0.5, 0.5, 0) }
    let tree = PointTree(points)
    for query in between + lattice {
      let distances = points.map { dot(query - $0, query - $0) }
      #expect(tree.nearest(to: query).index == distances.indices.min { (distances[$0], $0) < (distances[$1], $1) })
    }
  }

  @Test func chamferAddsBothMeans() {
    let a = cloud(60, seed: 3)
    let b = cloud(45, seed: 4)
    func directed(_ from: [SIMD3<Double>], _ to: [SIMD3<Double>]) -> Double {
      from.map { p in to.map { dot(p - $0, p - $0) }.min()! }.reduce(0, +) / Double(from.count)
    }
    #expect(abs(chamferDistance(a, b) - (directed(a, b) + directed(b, a))) < 1e-13)
    #expect(chamferDistance(a, a.reversed()) == 0)
    #expect(chamferDistance([.zero], [SIMD3(0, 3, 4)]) == 50)
  }

  // MARK: Assignment and EMD

  private func permutations(_ count: Int) -> [[Int]] {
    guard count > 0 else { return [[]] }
    return permutations(count - 1).flatMap { rest in
      (0..<count).map { place in
        var longer = rest
        longer.insert(count - 1, at: place)
        return longer
      }
    }
  }

  @Test(arguments: 1...6)
  func assignmentBeatsEveryPermutation(count: Int) {
    for seed in 0..<20 as Range<UInt64> {
      var random = PhiloxGenerator(seed: seed, stream: UInt64(count))
      // Whole numbers, some of them negative: many ties, and sums without rounding.
      let cost = (0..<count * count).map { _ in Double(random.index(below: 12) - 3) }
      func total(_ columns: [Int]) -> Double { columns.indices.reduce(0) { $0 + cost[$1 * count + columns[$1]] } }
      let found = minimumCostAssignment(cost, count: count)
      #expect(found.sorted() == Array(0..<count))
      #expect(total(found) == permutations(count).map(total).min())
    }
  }

  @Test func assignmentOfNothingIsEmpty() { #expect(minimumCostAssignment([], count: 0).isEmpty) }

  /// The duals of linear programming prove it: a hidden assignment is the best where every other cost is larger than
  /// row dual plus column dual.
  @Test func hiddenAssignmentIsFound() {
    let count = 120
    var random = PhiloxGenerator(seed: 9, stream: 0)
    var hidden = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) { hidden.swapAt(last, random.index(below: last + 1)) }
    let row = (0..<count).map { _ in random.uniform(in: -5...5) }
    let column = (0..<count).map { _ in random.uniform(in: -5...5) }
    let cost = (0..<count * count).map { k in
      row[k / count] + column[k % count] + (hidden[k / count] == k % count ? 0 : 0.01 + random.uniform())
    }
    #expect(minimumCostAssignment(cost, count: count) == hidden)
  }

  @Test func emdIsTheBestMatchingOfAll() throws {
    let a = cloud(6, seed: 5)
    let b = cloud(6, seed: 6)
    let best = permutations(6).map { order in order.indices.reduce(0) { $0 + norm(a[$1] - b[order[$1]]) } / 6 }.min()
    #expect(abs(try earthMoversDistance(a, b) - #require(best)) < 1e-14)
  }

  @Test func emdKnowsShiftsAndOrder() throws {
    let a = cloud(150, seed: 7)
    #expect(try earthMoversDistance(a, a.reversed()) == 0)
    // No matching is shorter on average than the shift of the mean.
    let shifted = a.reversed().map { $0 + SIMD3(3, 0, 4) }
    #expect(abs(try earthMoversDistance(a, shifted) - 5) < 1e-12)
    let b = cloud(150, seed: 8)
    #expect(abs(try earthMoversDistance(a, b) - earthMoversDistance(b, a)) < 1e-12)
  }

  @Test func emdRefusesWhatTakesTooLong() {
    let points = [SIMD3<Double>](repeating: .zero, count: earthMoversLimit + 1)
    let error = #expect(throws: ComputeError.self) { try earthMoversDistance(points, points) }
    #expect(error?.kind == .data && error?.what.contains("1723") == true)
  }

  // MARK: Edges and normals

  @Test func edgesCountOnceAndBySize() throws {
    let square = [SIMD3(0.0, 0, 0), SIMD3(2, 0, 0), SIMD3(2, 2, 0), SIMD3(0, 2, 0)]
    let faces: [SIMD3<Int32>] = [SIMD3(0, 1, 2), SIMD3(0, 2, 3)]
    #expect(try edgeLengthError(square, reference: square, faces: faces) == 0)
    #expect(try abs(edgeLengthError(square.map { $0 * 1.25 }, reference: square, faces: faces) - 0.25) < 1e-15)
    // Two of five edges change: 0-1 and 2-3 stay, 1-2 and 3-0 lose half, the diagonal goes from 8 to 5 (squared).
    let flat = square.map { $0 * SIMD3(1, 0.5, 1) }
    let expected = (0.5 + 0.5 + (1 - (5.0 / 8).squareRoot())) / 5
    #expect(try abs(edgeLengthError(flat, reference: square, faces: faces) - expected) < 1e-15)
    var collapsed = square
    collapsed[2] = square[1]
    let error = #expect(throws: ComputeError.self) {
      try edgeLengthError(square, reference: collapsed, faces: faces)
    }
    #expect(error?.kind == .data && error?.what.contains("vertices 1 and 2 of face 0") == true)
  }

  @Test func normalErrorIsAnAngle() {
    let mesh = TriangleMesh.icosphere(subdivisions: 1)
    #expect(normalError(mesh.vertices, target: mesh.vertices, faces: mesh.faces) < 1e-6)
    // One triangle, tilted about an edge by 1e-4 and by 120 degrees; turned over; collapsed.
    let target = [SIMD3(0.0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 1, 0)]
    let face: [SIMD3<Int32>] = [SIMD3(0, 1, 2)]
    for degrees in [1e-4, 120] {
      let turn = Matrix3(radians: degrees * .pi / 180, about: SIMD3(1, 0, 0))
      #expect(abs(normalError(target.map { turn * $0 }, target: target, faces: face) - degrees) < 1e-11)
    }
    #expect(normalError([target[0], target[2], target[1]], target: target, faces: face) == 180)
    #expect(normalError([target[0], target[1], target[1]], target: target, faces: face) == 90)
    // A face without area in the target does not count.
    #expect(normalError(target, target: target, faces: face + [SIMD3(0, 1, 1)]) == 0)
  }
}
