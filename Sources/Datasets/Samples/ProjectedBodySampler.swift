import Compute
import Foundation
import Geometry

/// Endless samples of posed bodies seen by a camera: a random adult, a pose, a place on the floor, one of four studio
/// cameras, and the joints' projection.
///
/// Sample n of a split depends on the seed and on n alone: it draws from a random stream of its own, so samples can be
/// made in any order and again, on any thread, and the splits share neither people nor places. That poses do not recur is
/// up to the pose sources given.
///
/// Joints are regressed from the mesh, for input and target alike. The mesh stays in metres, joints are in millimetres,
/// as in the Pose2Mesh paper's data.
public struct ProjectedBodySampler: Sendable {
  /// Which samples: each split has its own random streams.
  public typealias Split = SampleSplit

  public let body: BodyModel
  public let poses: any PoseSource
  public let input: JointSet
  public let split: Split
  public let seed: UInt64
  /// Whether 2D joints carry the error of a detector.
  public let addsError: Bool
  /// Whether half of the poses are mirrored left to right. This takes the place of upstream's flip of picture and joints,
  /// which could not flip the mesh.
  public let mirrorsPoses: Bool

  private let inputRegressor, targetRegressor: CompressedRows
  private let retargeter: Retargeter

  /// - Parameter input: the joint set of the 2D input; its target set is what meshes are supervised in.
  /// - Throws: `ComputeError` of kind `.configuration` when the body has no regressor for a joint set.
  public init(
    body: BodyModel, poses: any PoseSource, input: JointSet, split: Split, seed: UInt64, addsError: Bool,
    mirrorsPoses: Bool
  ) throws {
    self.body = body
    self.poses = poses
    self.input = input
    self.split = split
    self.seed = seed
    self.addsError = addsError
    self.mirrorsPoses = mirrorsPoses
    inputRegressor = try body.jointRegressor(input)
    targetRegressor = try body.jointRegressor(input.target)
    retargeter = Retargeter(body)
  }

  /// The same people, poses and cameras on no more vertices than the joints of both sets are regressed from: several times
  /// quicker, for training on joints alone. Batches have a mesh of those few vertices, without faces.
  ///
  /// The body's lowest vertex, which stands on the floor, is then sought among fewer, so pictures differ by a little.
  public func jointsOnly() throws -> ProjectedBodySampler {
    try ProjectedBodySampler(
      body: body.reducedToJoints(of: [input, input.target]), poses: poses, input: input, split: split, seed: seed,
      addsError: addsError, mirrorsPoses: mirrorsPoses)
  }

  /// Batch number `index`: samples `index * size ..< (index + 1) * size`.
  public func batch(_ index: Int, size: Int) -> SampleBatch {
    batch(samples: index * size..<(index + 1) * size)
  }

  /// The batch of consecutive samples.
  public func batch(samples: Range<Int>) -> SampleBatch { SampleBatch(samples.map(sample)) }

  /// Sample number `index`.
  public func sample(_ index: Int) -> BodySample {
    precondition(index >= 0, "ProjectedBodySampler: sample \(index)")
    var random = PhiloxGenerator(seed: seed, stream: split.rawValue << 56 | UInt64(index))
    while true {
      // A pose whose joints project onto one line cannot be standardised; the next one is taken then.
      if let sample = try? draw(using: &random) { return sample }
    }
  }

  private func draw(using random: inout PhiloxGenerator) throws -> BodySample {
    let phenotype = Phenotype(adultFrom: &random)
    var pose = poses.pose(using: &random)
    if random.uniform() < 0.5, mirrorsPoses { pose = pose.mirrored }
    let heading = random.uniform(in: -.pi...Double.pi)
    let surface = body.shaped(phenotype).posed(world: retargeter.worldRotations(pose.facing(heading)), root: .zero)

    // The root joint stands somewhere on the floor, the lowest vertex touches it.
    let root = targetRegressor.joints(of: surface)[input.target.root]
    let place = SIMD2(random.uniform(in: -1...1), random.uniform(in: -1...1))
    let lowest = stride(from: 2, to: surface.count, by: 3).reduce(Float.infinity) { min($0, surface[$1]) }
    let shift = SIMD3(place.x - root.x, place.y - root.y, -Double(lowest))
    let camera = Self.camera(using: &random)

    let joints = inputRegressor.joints(of: surface)
    let pixels = joints.map { camera.pixel(of: $0 + shift) }
    let preparation = try PosePreparation(pixels, of: input, addsError: addsError, using: &random)
    let targetJoints = targetRegressor.joints(of: surface)
    return BodySample(
      phenotype: phenotype, camera: camera, pose2D: preparation.pose.flatMap { [Float($0.x), Float($0.y)] },
      mesh: Self.turned(surface, by: camera.rotation, about: root),
      targetJoints: Self.relative(targetJoints, to: root, by: camera.rotation),
      liftJoints: Self.relative(joints, to: joints[input.root], by: camera.rotation),
      pixels: pixels.flatMap { [Float($0.x), Float($0.y)] },
      heading: camera.rotation * Matrix3(axis: 2, radians: heading))
  }

  /// One of the four studio cameras, moved by up to 0.3 m along each axis, its aim by up to 0.2 m.
  private static func camera(using random: inout PhiloxGenerator) -> Camera {
    func jitter(_ size: Double) -> SIMD3<Double> {
      SIMD3(random.uniform(in: -size...size), random.uniform(in: -size...size), random.uniform(in: -size...size))
    }
    let up = SIMD3(0.0, 0, 1)
    let studio = Camera.studio(around: SIMD3(0, 0, 0.9), up: up)[random.index(below: 4)]
    return Camera(
      at: studio.position + jitter(0.3), lookingAt: SIMD3(0, 0, 0.9) + jitter(0.2), up: up,
      focalLength: studio.focalLength.x, imageSize: studio.imageSize)
  }

  /// Rotation times (vertex - origin).
  private static func turned(_ vertices: [Float], by rotation: Matrix3, about origin: SIMD3<Double>) -> [Float] {
    let x = SIMD3<Float>(rotation.x)
    let y = SIMD3<Float>(rotation.y)
    let z = SIMD3<Float>(rotation.z)
    let origin = SIMD3<Float>(origin)
    return [Float](unsafeUninitializedCapacity: vertices.count) { result, count in
      for i in stride(from: 0, to: vertices.count, by: 3) {
        let p = SIMD3(vertices[i], vertices[i + 1], vertices[i + 2]) - origin
        let q = x * p.x + y * p.y + z * p.z
        result[i] = q.x
        result[i + 1] = q.y
        result[i + 2] = q.z
      }
      count = vertices.count
    }
  }

  /// Joints in camera axes relative to `root`, millimetres.
  private static func relative(_ joints: [SIMD3<Double>], to root: SIMD3<Double>, by rotation: Matrix3) -> [Float] {
    joints.flatMap { joint in
      let p = rotation * (joint - root) * 1000
      return [Float(p.x), Float(p.y), Float(p.z)]
    }
  }
}

extension BodyModel {
  /// The map from the surface to the joints of `set`, `[joints, vertices]`.
  ///
  /// - Throws: `ComputeError` of kind `.configuration` when the body has none for this set.
  public func jointRegressor(_ set: JointSet) throws -> CompressedRows {
    guard let regressor = jointRegressors[set.name] else {
      throw ComputeError(
        .configuration, what: "the body \(name) has no joint regressor for the joint set \(set.name)",
        why: "joints are computed from the mesh",
        mend: "use one of " + jointRegressors.keys.sorted().joined(separator: ", "))
    }
    return regressor
  }

  /// The body on the vertices from which the joints of `sets` are regressed.
  func reducedToJoints(of sets: [JointSet]) throws -> BodyModel {
    let regressors = try sets.map { try jointRegressor($0) }
    let kept = Set(regressors.flatMap(\.column)).sorted().map(Int.init)
    let position = Dictionary(uniqueKeysWithValues: kept.enumerated().map { (Int32($1), Int32($0)) })
    let narrowed = regressors.map { regressor in
      CompressedRows(
        rows: regressor.rows, columns: kept.count, rowStart: regressor.rowStart,
        column: regressor.column.compactMap { position[$0] }, value: regressor.value)
    }
    return reduced(
      to: kept, faces: [], name: "\(name)-joints",
      jointRegressors: Dictionary(zip(sets.map(\.name), narrowed)) { first, _ in first })
  }
}

extension CompressedRows {
  /// Joints of a surface `[vertices, 3]` by a regressor, in the surface's unit.
  public func joints(of surface: [Float]) -> [SIMD3<Double>] {
    (0..<rows).map { joint in
      var sum = SIMD3<Double>()
      for k in Int(rowStart[joint])..<Int(rowStart[joint + 1]) {
        let vertex = 3 * Int(column[k])
        sum +=
          value[k] * SIMD3(Double(surface[vertex]), Double(surface[vertex + 1]), Double(surface[vertex + 2]))
      }
      return sum
    }
  }
}
