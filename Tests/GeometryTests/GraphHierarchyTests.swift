import Compute
import Geometry
import Testing

@Suite struct VisitingOrderTests {
  /// Few different values, so nearly all is ties.
  private static let tied = (0..<200).map { Double($0 * $0 * 7919 % 5) }

  /// Values that split median-of-three quicksort as unevenly as can be (Musser's construction), halved into ties, so that
  /// the sort falls back on heaps.
  private static func adversary(_ count: Int) -> [Double] {
    var values = [Double](repeating: 0, count: count)
    for i in 1...(count / 2) {
      if !i.isMultiple(of: 2) {
        values[i - 1] = Double(i / 3)
        values[i] = Double((count / 2 + i) / 3)
      }
      values[count / 2 + i - 1] = Double(2 * i / 3)
    }
    return values
  }

  /// One number that depends on every place.
  private func digest(_ order: [Int]) -> Int { order.enumerated().reduce(0) { $0 + ($1.offset + 1) * $1.element } }

  @Test(arguments: VisitingOrder.allCases)
  func ordersAscend(order: VisitingOrder) {
    for values in [[], [3], VisitingOrderTests.tied, VisitingOrderTests.adversary(1000)] {
      let sorted = order.sortedIndices(of: values)
      #expect(sorted.sorted() == Array(values.indices))
      #expect(sorted.map { values[$0] } == values.sorted())
    }
  }

  @Test func stableOrderKeepsTiesAscending() {
    let sorted = VisitingOrder.stable.sortedIndices(of: VisitingOrderTests.tied)
    for (a, b) in zip(sorted, sorted.dropFirst()) where VisitingOrderTests.tied[a] == VisitingOrderTests.tied[b] {
      #expect(a < b)
    }
  }

  @Test func shortIntrosortIsStable() {
    for count in 0...16 {
      let values = VisitingOrderTests.tied.prefix(count).map { $0 }
      #expect(
        VisitingOrder.introsort.sortedIndices(of: values) == VisitingOrder.stable.sortedIndices(of: values))
    }
  }

  /// Digests of the same sequences sorted by the reference program's `order_introsort`.
  @Test func tiesStandWhereTheReferenceLeavesThem() {
    let order = VisitingOrder.introsort.sortedIndices(of: VisitingOrderTests.tied)
    #expect(order.prefix(12) == [0, 40, 180, 45, 50, 55, 175, 60, 65, 170, 140, 75])
    #expect(digest(order) == 1_950_016)
    // The reference sorts one segment of the first and three of the second by heaps.
    #expect(digest(VisitingOrder.introsort.sortedIndices(of: VisitingOrderTests.adversary(400))) == 18_021_264)
    #expect(digest(VisitingOrder.introsort.sortedIndices(of: VisitingOrderTests.adversary(1000))) == 281_402_595)
  }
}

@Suite struct GraphHierarchyTests {
  static let hierarchy = orTrap(try GraphHierarchy(of: .uvSphere(rings: 9, segments: 13), levels: 4))

  @Test(arguments: VisitingOrder.allCases)
  func levelsFormABinaryTree(order: VisitingOrder) throws {
    let mesh = TriangleMesh.uvSphere(rings: 9, segments: 13)
    let hierarchy = try GraphHierarchy(of: mesh, levels: 4, order: order)
    #expect(hierarchy.vertexCount == mesh.vertices.count)
    for level in hierarchy.levels {
      #expect(level.permutation.sorted() == (0..<Int32(level.size)).map { $0 })
      #expect(level.parents.count == level.realCount)
    }
    for (fine, coarse) in zip(hierarchy.levels, hierarchy.levels.dropFirst()) {
      #expect(fine.size == 2 * coarse.size)
      for position in 0..<fine.size {
        let parent = coarse.permutation[position / 2]
        if fine.isReal(position) {
          #expect(fine.parents[Int(fine.permutation[position])] == parent)
        } else {
          // A fake node stands beside a single child, or below another fake node.
          #expect(!coarse.isReal(position / 2) || fine.isReal(position ^ 1))
        }
      }
    }
    for (vertex, position) in hierarchy.place.enumerated() {
      #expect(hierarchy.levels[0].permutation[Int(position)] == Int32(vertex))
    }
  }

  @Test func graphsAreSymmetricAndFakeNodesIsolated() {
    for level in GraphHierarchyTests.hierarchy.levels {
      #expect(level.adjacency.transposed() == level.adjacency)
      #expect(level.scaledLaplacian.transposed() == level.scaledLaplacian)
      for position in 0..<level.size where !level.isReal(position) {
        #expect(level.adjacency.row(position).map(\.column) == [])
        #expect(level.scaledLaplacian.row(position).map(\.column) == [position])
        let diagonal = level.scaledLaplacian.row(position).map(\.value)[0]
        #expect(diagonal == 1 / (2 * level.largestEigenvalue) - 1)
      }
    }
  }

  @Test func coarseWeightsCountFineEdges() {
    // Every level keeps the total weight: two for each edge of the mesh.
    let edges = 3 * TriangleMesh.uvSphere(rings: 9, segments: 13).faces.count / 2
    for level in GraphHierarchyTests.hierarchy.levels {
      #expect(level.adjacency.value.reduce(0, +) == Double(2 * edges))
    }
  }

  @Test func rescalingMovesTheSpectrum() throws {
    let mesh = TriangleMesh.icosphere(subdivisions: 1)
    let upstream = try GraphHierarchy(of: mesh, levels: 3)
    let paper = try GraphHierarchy(of: mesh, levels: 3, rescaling: .paper)
    for (a, b) in zip(upstream.levels, paper.levels) {
      #expect(a.permutation == b.permutation)
      #expect(abs(Geometry.largestEigenvalue(of: b.scaledLaplacian) - 1) < 1e-12)
      // 4 (Ls_upstream + I) = Ls_paper + I
      for r in 0..<a.size {
        for (x, y) in zip(a.scaledLaplacian.row(r), b.scaledLaplacian.row(r)) {
          let unit = x.column == r ? 1.0 : 0
          #expect(x.column == y.column)
          #expect(abs(4 * (x.value + unit) - (y.value + unit)) < 1e-14)
        }
      }
    }
  }

  /// Faces wound the same way meet each edge in both directions; flipping one face makes its edges count double in one
  /// direction, which must not change the weights.
  @Test func windingDoesNotMatter() throws {
    let mesh = TriangleMesh.icosphere(subdivisions: 1)
    var turned = mesh
    for index in turned.faces.indices where index % 3 == 0 {
      let face = turned.faces[index]
      turned.faces[index] = SIMD3(face.x, face.z, face.y)
    }
    let a = try GraphHierarchy(of: mesh, levels: 2)
    let b = try GraphHierarchy(of: turned, levels: 2)
    #expect(a.levels.map(\.scaledLaplacian) == b.levels.map(\.scaledLaplacian))
  }

  @Test func brokenMeshesAreRefused() throws {
    let sphere = TriangleMesh.icosphere(subdivisions: 0)
    var two = sphere
    two.vertices += sphere.vertices
    two.faces += sphere.faces.map { $0 &+ 12 }
    let parts = try #require(throws: ComputeError.self) { try GraphHierarchy(of: two, levels: 2, name: "two.obj") }
    #expect(parts.what == "two.obj: the mesh falls into 2 components that share no vertex")
    // Reference data may be disconnected, but a vertex without a row cannot be matched.
    #expect(try GraphHierarchy(faces: two.faces, levels: 2).vertexCount == 24)
    let gap = try #require(throws: ComputeError.self) {
      try GraphHierarchy(faces: [SIMD3(0, 1, 2), SIMD3(1, 2, 4)], levels: 2)
    }
    #expect(gap.what.contains("vertex 3 of 5 belongs to no face"))
    #expect(throws: ComputeError.self) { try GraphHierarchy(faces: [SIMD3(0, 1, -2)], levels: 2) }
  }
}
