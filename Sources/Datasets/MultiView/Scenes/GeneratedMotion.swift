import Foundation
import Geometry

/// Motion made of poses of a prior, for when there are no captured clips: the body goes from pose to pose on a smooth curve
/// while the person turns and walks about. Feet may slide; it says little about how people move.
///
/// Joints follow a cubic B-spline through the space of rotations, in cumulative form (Kim, Kim and Shin, "A general
/// construction scheme for unit quaternion curves with simple high order derivatives", 1995), so speeds are continuous and
/// the motion never halts.
struct GeneratedMotion: SceneMotion {
  let name: String
  let subject: String
  let framesPerSecond = 30.0
  let frameCount: Int
  var hasHeight: Bool { false }

  /// Seconds from one key pose to the next, and from one key of the walk to the next.
  private let poseInterval, walkInterval: Double
  private let keys: [MotionPose]
  /// How each joint turns from the key before: `[keys - 1, joints]`, rotation vectors.
  private let turns: [[SIMD3<Double>]]
  /// Heading in radians, and place on the floor in lengths of a leg.
  private let headings: [Double]
  private let places: [SIMD2<Double>]

  init(
    name: String, subject: String, prior: PosePrior, seconds: Double, using random: inout PhiloxGenerator
  ) {
    self.name = name
    self.subject = subject
    frameCount = max(1, Int((seconds * framesPerSecond).rounded()))
    poseInterval = random.uniform(in: 0.45...0.9)
    walkInterval = random.uniform(in: 1...2)
    var component = prior.component(using: &random)
    keys = (0..<Int(seconds / poseInterval) + 4).map { _ in
      // A while about one typical pose, then on to the next.
      if random.uniform() < 0.5 { component = prior.component(using: &random) }
      return prior.pose(component: component, using: &random)
    }
    turns = zip(keys, keys.dropFirst()).map { from, to in
      zip(from.rotations, to.rotations).map { ($0.transposed * $1).axisAngle }
    }
    let walkKeys = Int(seconds / walkInterval) + 4
    var heading = random.uniform(in: -.pi...Double.pi)
    headings = (0..<walkKeys).map { _ in
      heading += random.normal(mean: 0, deviation: 0.7)
      return heading
    }
    places = (0..<walkKeys).map { _ in
      let (radius, angle) = (random.uniform().squareRoot(), random.uniform(in: 0...2 * .pi))
      return SIMD2(cos(angle), sin(angle)) * radius
    }
  }

  func pose(at frame: Int) -> MotionPose {
    let (key, u) = knot(frame, poseInterval)
    let shares = [
      (5 + 3 * u - 3 * u * u + u * u * u) / 6, (1 + 3 * u + 3 * u * u - 2 * u * u * u) / 6, u * u * u / 6,
    ]
    var pose = keys[key]
    for joint in pose.rotations.indices {
      for (step, share) in shares.enumerated() {
        pose.rotations[joint] = pose.rotations[joint] * Matrix3(axisAngle: turns[key + step][joint] * share)
      }
    }
    return pose.facing(blend(frame, headings.map { SIMD2($0, 0) }).x)
  }

  func hips(at frame: Int) -> SIMD3<Double> {
    let place = blend(frame, places)
    return SIMD3(place.x, 0, place.y)
  }

  /// The first of the four keys about a frame, and how far it is between the two in the middle.
  private func knot(_ frame: Int, _ interval: Double) -> (key: Int, u: Double) {
    let time = Double(frame) / framesPerSecond / interval
    return (Int(time), time - time.rounded(.down))
  }

  /// A cubic B-spline.
  private func blend(_ frame: Int, _ keys: [SIMD2<Double>]) -> SIMD2<Double> {
    let (key, u) = knot(frame, walkInterval)
    let v = 1 - u
    return keys[key] * (v * v * v / 6) + keys[key + 1] * ((3 * u * u * u - 6 * u * u + 4) / 6)
      + keys[key + 2] * ((-3 * u * u * u + 3 * u * u + 3 * u + 1) / 6) + keys[key + 3] * (u * u * u / 6)
  }
}
