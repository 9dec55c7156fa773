import Geometry

/// A simple predictor of meshes from 2D joints, against which a network is measured.
public protocol MeshBaseline: Sendable {
  /// As it stands in an error table.
  var name: String { get }

  /// `[batch, vertices, 3]`: metres, camera axes, relative to the root of the target joint set.
  func meshes(for batch: SampleBatch) -> [Float]
}

/// The mean training mesh after turning every body to one heading, put back with the true heading of each sample.
///
/// It knows the heading, which a network has to find: what it lacks is the pose and the person.
public struct MeanPoseBaseline: MeshBaseline {
  public let name = "mean pose, true heading"
  /// `[vertices, 3]`: metres, body axes, heading 0.
  public let mesh: [Float]

  /// Takes the mean over training samples.
  public init(fittedTo sampler: ProjectedBodySampler, samples: Range<Int>) {
    precondition(!samples.isEmpty, "MeanPoseBaseline: no samples")
    var sum = [Double](repeating: 0, count: 3 * sampler.body.vertexCount)
    for index in samples {
      let sample = sampler.sample(index)
      let mesh = turned(sample.mesh[...], by: sample.heading.transposed)
      for i in sum.indices { sum[i] += Double(mesh[i]) }
    }
    mesh = sum.map { Float($0 / Double(samples.count)) }
  }

  public func meshes(for batch: SampleBatch) -> [Float] { batch.headings.flatMap { turned(mesh[...], by: $0) } }
}

/// The mesh of the training sample whose standardised 2D joints are nearest.
///
/// Only 2D joints are kept; the mesh is made again from its number.
public struct NearestPoseBaseline: MeshBaseline {
  public let name = "nearest training pose by 2D"
  private let sampler: ProjectedBodySampler
  private let samples: Range<Int>
  /// `[samples, 2 joints]`.
  private let poses: [Float]

  public init(fittedTo sampler: ProjectedBodySampler, samples: Range<Int>) {
    precondition(!samples.isEmpty, "NearestPoseBaseline: no samples")
    self.sampler = sampler
    self.samples = samples
    poses = samples.flatMap { sampler.sample($0).pose2D }
  }

  /// The number of the training sample nearest to `pose` in the sum of squared differences.
  public func nearestSample(to pose: some Collection<Float>) -> Int {
    let pose = Array(pose)
    let width = pose.count
    var best = (distance: Float.infinity, sample: samples.lowerBound)
    poses.withUnsafeBufferPointer { poses in
      for sample in 0..<samples.count {
        var distance: Float = 0
        for i in 0..<width {
          let difference = poses[sample * width + i] - pose[i]
          distance += difference * difference
        }
        if distance < best.distance { best = (distance, samples.lowerBound + sample) }
      }
    }
    return best.sample
  }

  public func meshes(for batch: SampleBatch) -> [Float] {
    let width = batch.pose2D.count / batch.count
    return (0..<batch.count).flatMap { sample in
      sampler.sample(nearestSample(to: batch.pose2D[sample * width..<(sample + 1) * width])).mesh
    }
  }
}

/// Rotation times each of the points `[points, 3]`.
func turned(_ points: ArraySlice<Float>, by rotation: Matrix3) -> [Float] {
  var result: [Float] = []
  result.reserveCapacity(points.count)
  for i in stride(from: points.startIndex, to: points.endIndex, by: 3) {
    let p = rotation * SIMD3(Double(points[i]), Double(points[i + 1]), Double(points[i + 2]))
    result += [Float(p.x), Float(p.y), Float(p.z)]
  }
  return result
}
