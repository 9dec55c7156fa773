import Geometry

/// A tree of bones, posed by rotations in world-aligned axes.
///
/// A pose gives each bone one rotation D against its parent, expressed in world axes (not in a frame of the bone), so
/// the world rotations are G = G_parent D, and identity everywhere is the rest pose.
public struct Skeleton: Sendable, Equatable {
  public let names: [String]
  /// Index of each bone's parent, -1 at the root, which is bone 0; parents precede their children.
  public let parents: [Int]

  public init(names: [String], parents: [Int]) {
    precondition(names.count == parents.count && parents.first == -1, "Skeleton: bone 0 is the root")
    precondition(
      parents.enumerated().dropFirst().allSatisfy { $1 >= 0 && $1 < $0 }, "Skeleton: parents precede their children")
    self.names = names
    self.parents = parents
  }

  public var count: Int { names.count }

  public func index(of name: String) -> Int? { names.firstIndex(of: name) }

  /// G_b = G_parent D_b.
  public func worldRotations(local: [Matrix3]) -> [Matrix3] {
    var world: [Matrix3] = []
    world.reserveCapacity(count)
    for (bone, parent) in parents.enumerated() {
      world.append(parent < 0 ? local[bone] : world[parent] * local[bone])
    }
    return world
  }

  /// D_b = G_parent^T G_b.
  public func localRotations(world: [Matrix3]) -> [Matrix3] {
    parents.enumerated().map { bone, parent in parent < 0 ? world[bone] : world[parent].transposed * world[bone] }
  }

  /// Where the bones' heads come to stand: p_b = p_parent + G_parent (h_b - h_parent).
  ///
  /// - Parameters:
  ///   - rest: heads in the rest pose, metres.
  ///   - root: where the root's head is put.
  public func headPositions(rest: [SIMD3<Double>], world: [Matrix3], root: SIMD3<Double>) -> [SIMD3<Double>] {
    var heads: [SIMD3<Double>] = []
    heads.reserveCapacity(count)
    for (bone, parent) in parents.enumerated() {
      heads.append(parent < 0 ? root : heads[parent] + world[parent] * (rest[bone] - rest[parent]))
    }
    return heads
  }
}
