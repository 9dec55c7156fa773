import FileFormats
import Foundation
import Geometry
import Training

/// Replays the errors of poses: mode metrics.
struct MetricsReplay: MultiViewSyncReplay {
  private let reference: ReferenceFile

  init(_ reference: ReferenceFile) { self.reference = reference }

  func compute() throws -> [(name: String, tensor: HostTensor)] {
    let predicted = try poses("pred")
    let target = try poses("gt")
    let errors = zip(predicted, target).map { RootedPoseErrors(predicted: $0, target: $1) }
    let fits = zip(predicted, target).map { PoseFit($0, $1) }
    // All errors but the root's, which is 0, spread over all joints.
    let share = Double(MultiViewSyncArchitecture.joints - 1) / Double(MultiViewSyncArchitecture.joints)
    let generic = try genericCount()
    let means = RootedPoseErrors.mean(of: Array(errors.prefix(generic)))
    func column(_ name: String, _ values: [Double]) -> (name: String, tensor: HostTensor) {
      ("output/\(name)", HostTensor(values.map { Float($0) }))
    }
    func shaped(_ name: String, _ shape: [Int], _ values: [Double]) -> (name: String, tensor: HostTensor) {
      ("output/\(name)", HostTensor(values.map { Float($0) }, shape: shape))
    }
    return [
      column("mpjpe", errors.map(\.mpjpe)), column("mpjpe_all17", errors.map { share * $0.mpjpe }),
      column("n_mpjpe", errors.map(\.scaledMPJPE)),
      column("n_mpjpe_all17", errors.map { share * $0.scaledMPJPE }), column("n_scale", fits.map(\.scale)),
      column("pa_mpjpe", errors.map(\.alignedMPJPE)),
      column("pa_mpjpe_nonroot", errors.map(\.alignedMPJPEWithoutRoot)),
      column("pa_scale", fits.map(\.similarityScale)),
      shaped(
        "pa_aligned", [errors.count, MultiViewSyncArchitecture.joints, 3],
        fits.flatMap { $0.aligned.flatMap { [$0.x, $0.y, $0.z] } }),
      shaped(
        "pa_rotation_random", [generic, 3, 3],
        fits.prefix(generic).flatMap { fit in
          let r = fit.similarity.rotation.transposed
          return [r.x, r.y, r.z].flatMap { [$0.x, $0.y, $0.z] }
        }),
      shaped(
        "pa_translation_random", [generic, 3],
        fits.prefix(generic).flatMap { fit in
          let t = fit.similarity.translation
          return [t.x, t.y, t.z]
        }),
      column("mean_random", [means.mpjpe, means.scaledMPJPE, means.alignedMPJPE]),
    ]
  }

  /// Errors within 1e-3 mm, scales and rotations within 1e-5.
  func rows(_ key: String, computed: HostTensor?, _ reference: HostTensor) -> [VerificationRow] {
    guard key.hasPrefix("output/") else { return [] }
    let hasNoUnit = key.hasSuffix("scale") || key.contains("rotation")
    return [
      VerificationRow(
        key, computed: computed, reference: reference, .greatestDifference, tolerance: hasNoUnit ? 1e-5 : 1e-3)
    ]
  }

  /// How many poses are random: the first ones. A rotation is unique for such poses only.
  private func genericCount() throws -> Int {
    let config = try JSONValue(
      parsing: Data(try reference.contents.metadata("config").utf8), source: "config of \(reference.source)")
    return config["cases"]?.array?.count { $0.string?.hasPrefix("random_") == true } ?? 0
  }

  private func poses(_ key: String) throws -> [[SIMD3<Double>]] {
    let values = try reference.contents.tensor("input/\(key)", shape: [nil, MultiViewSyncArchitecture.joints, 3])
    return multiViewPoses(values.doubles())
  }
}

/// What the scale of N-MPJPE and the similarity of PA-MPJPE are.
private struct PoseFit {
  let scale: Double
  let similarity: Similarity
  let aligned: [SIMD3<Double>]
  /// 0 where all predicted joints are at one place, and any scale does.
  let similarityScale: Double

  init(_ predicted: [SIMD3<Double>], _ target: [SIMD3<Double>]) {
    scale = bestScale(of: predicted.map { $0 - predicted[0] }, onto: target.map { $0 - target[0] })
    let similarity = Similarity(aligning: predicted, to: target)
    let centre = predicted.reduce(SIMD3<Double>.zero, +) / Double(predicted.count)
    let spread = predicted.reduce(0) { $0 + dot($1 - centre, $1 - centre) }
    self.similarity = similarity
    aligned = predicted.map { similarity($0) }
    similarityScale = spread > 1e-12 ? similarity.scale : 0
  }
}

/// Flat `[poses, 17, 3]` as poses.
func multiViewPoses(_ values: [Double]) -> [[SIMD3<Double>]] {
  let size = 3 * MultiViewSyncArchitecture.joints
  return stride(from: 0, to: values.count, by: size).map { points(values[$0..<$0 + size]) }
}
