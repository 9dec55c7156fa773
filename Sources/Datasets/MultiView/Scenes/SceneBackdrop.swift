import Foundation
import Geometry

/// What stands behind a person: a plain colour, a gradient, smooth noise, or a floor with a wall, and a few blobs on it.
struct SceneBackdrop: Sendable {
  private enum Kind {
    case plain
    /// Along a direction of the picture.
    case gradient(SIMD2<Double>)
    case noise(octaves: Int, cells: Double)
    /// A floor of tiles, and a wall on it at a distance from the room's middle; metres.
    case room(tile: Double, wall: Double)
  }

  private struct Blob {
    let middle, radii: SIMD2<Double>
    let color: SIMD3<Double>
  }

  private let kind: Kind
  private let colors: [SIMD3<Double>]
  private let blobs: [Blob]
  private let seed: UInt64

  init(using random: inout PhiloxGenerator, isStudio: Bool = false) {
    func color() -> SIMD3<Double> {
      let grey = random.uniform(in: 0.1...0.9)
      let tint = SIMD3(random.uniform(), random.uniform(), random.uniform()) - 0.5
      return (tint * random.uniform(in: 0...0.6) + grey).clamped(lowerBound: .zero, upperBound: .one)
    }
    switch isStudio ? 3 : random.index(below: 4) {
    case 0: kind = .plain
    case 1:
      let angle = random.uniform(in: 0...2 * .pi)
      kind = .gradient(SIMD2(cos(angle), sin(angle)))
    case 2: kind = .noise(octaves: 1 + random.index(below: 4), cells: random.uniform(in: 2...6))
    default: kind = .room(tile: random.uniform(in: 0.3...1), wall: random.uniform(in: 2.5...4.5))
    }
    colors = (0..<3).map { _ in color() }
    blobs = (0..<random.index(below: 4)).map { _ in
      Blob(
        middle: SIMD2(random.uniform(), random.uniform()),
        radii: SIMD2(random.uniform(in: 0.05...0.25), random.uniform(in: 0.05...0.25)), color: color())
    }
    seed = random.next()
  }

  /// - Parameters:
  ///   - place: on the picture, from 0 to 1 to the right and down.
  ///   - eye: where the camera is, in the room, metres.
  ///   - ray: the direction in which it sees that place.
  func color(at place: SIMD2<Double>, eye: SIMD3<Double>, ray: SIMD3<Double>) -> SIMD3<Float> {
    var color: SIMD3<Double>
    switch kind {
    case .plain: color = colors[0]
    case .gradient(let direction):
      color = mix(((place - 0.5) * direction).sum() + 0.5)
    case .noise(let octaves, let cells):
      var (sum, weight, total) = (0.0, 1.0, 0.0)
      for octave in 0..<octaves {
        let scale = cells * Double(1 << octave)
        sum += weight * valueNoise(SIMD3(place.x * scale, place.y * scale, Double(octave) + 0.5), seed: seed)
        total += weight
        weight /= 2
      }
      color = mix(sum / total)
    case .room(let tile, let wall): color = room(tile: tile, wall: wall, eye: eye, ray: ray)
    }
    for blob in blobs {
      let off = (place - blob.middle) / blob.radii
      let share = min(max((1 - (off * off).sum()) * 4, 0), 1)
      color += (blob.color - color) * share
    }
    return SIMD3<Float>(color)
  }

  private func mix(_ share: Double) -> SIMD3<Double> { colors[0] + (colors[1] - colors[0]) * min(max(share, 0), 1) }

  /// The wall stands upright, across the line from the camera through the room's middle.
  private func room(tile: Double, wall: Double, eye: SIMD3<Double>, ray: SIMD3<Double>) -> SIMD3<Double> {
    let level = SIMD3(eye.x, eye.y, 0)
    let away = -level / norm(level)
    let toWall = (wall + norm(level)) / max(dot(ray, away), 1e-9)
    let toFloor = ray.z < 0 ? -eye.z / ray.z : .infinity
    guard toFloor < toWall else {
      let hit = eye + ray * toWall
      return colors[2] * (0.9 + 0.2 * (valueNoise(hit * 1.5, seed: seed) - 0.5))
    }
    let hit = (eye + ray * toFloor) / tile
    return (Int(hit.x.rounded(.down)) + Int(hit.y.rounded(.down))).isMultiple(of: 2) ? colors[0] : colors[1]
  }
}
