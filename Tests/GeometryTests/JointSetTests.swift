import Compute
import Geometry
import Testing

@Suite struct JointSetTests {
  @Test func setsAreFoundByName() throws {
    for set in JointSet.all { #expect(try JointSet(named: set.name) == set) }
    #expect(JointSet.all.map(\.count) == [17, 19, 24, 21])
    #expect(try JointSet(named: "coco").target == .human36)
  }

  @Test func unknownNamesListTheKnownOnes() throws {
    let error = try #require(throws: ComputeError.self) { try JointSet(named: "human3.6m") }
    #expect(error.kind == .usage)
    #expect(error.what.contains("human3.6m"))
    #expect(error.mend.contains("human36, coco, smpl, mano"))
  }

  @Test(arguments: JointSet.all)
  func tablesAreConsistent(set: JointSet) {
    #expect(Set(set.joints).count == set.count)
    for edge in set.skeleton + set.extraEdges {
      #expect(edge.x != edge.y)
      #expect(set.joints.indices.contains(edge.x) && set.joints.indices.contains(edge.y))
    }
    #expect(set.joints[set.root] == (set.family == .hand ? "Wrist" : "Pelvis"))
    #expect(set.evaluated.allSatisfy(set.joints.indices.contains))
    // Bones reach every joint.
    var reached: Set = [set.root]
    for _ in set.joints {
      for bone in set.skeleton where reached.contains(bone.x) || reached.contains(bone.y) {
        reached.formUnion([bone.x, bone.y])
      }
    }
    #expect(reached.count == set.count)
  }

  @Test(arguments: JointSet.all)
  func flipPairsExchangeLeftAndRight(set: JointSet) {
    let mirrored = set.joints.map { name in
      name.hasPrefix("L_") ? "R_" + name.dropFirst(2) : name.hasPrefix("R_") ? "L_" + name.dropFirst(2) : name
    }
    #expect(set.swappingPartners(set.joints) == mirrored)
    #expect(set.swappingPartners(mirrored) == set.joints)
  }

  @Test func evaluatedJointsLeaveOutPelvisTorsoAndNose() {
    let left = Set(JointSet.human36.joints.indices).subtracting(JointSet.human36.evaluated)
    #expect(left.map { JointSet.human36.joints[$0] }.sorted() == ["Nose", "Pelvis", "Torso"])
    #expect(JointSet.coco.evaluated.count == 19)
  }

  /// Largest eigenvalues as the specification of the released model gives them.
  @Test(arguments: zip(JointSet.all, [1.382, 1.382, 1.446, 1.511]))
  func jointLaplacianHasTheKnownSpectrum(set: JointSet, largest: Double) {
    let laplacian = set.laplacian()
    #expect(abs(largestEigenvalue(of: laplacian) - largest) < 0.001)
    #expect(abs(largestEigenvalue(of: set.laplacian(rescaling: .paper)) - 1) < 1e-12)
    // The vector of square roots of degrees is in its kernel.
    let adjacency = set.adjacency
    let root = (0..<set.count).map { r in adjacency.row(r).reduce(0) { $0 + $1.value }.squareRoot() }
    for r in 0..<set.count {
      #expect(abs(laplacian.row(r).reduce(0) { $0 + $1.value * root[$1.column] }) < 1e-14)
    }
  }
}
