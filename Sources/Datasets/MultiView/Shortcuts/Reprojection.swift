import Foundation
import Geometry

extension ShortcutChecks {
  /// Joints by K', R and t against where markers on the body's joints are seen on pictures.
  static func reprojection(_ recordings: RenderedRecordings, _ settings: Settings) throws -> ShortcutFigure {
    let sampler = try MultiViewTupleSampler(recordings, split: .test, seed: settings.seed)
    var (worst, checked) = (0.0, 0)
    for number in 0..<min(32, settings.tuples) {
      let shot = sampler.tuple(number).b
      for error in try recordings.reprojectionErrors(at: shot.place, shot.augmentation, size: settings.size) {
        worst = error.isNaN ? .nan : max(worst, error)
        checked += 1
      }
    }
    return ShortcutFigure(
      "reprojection", checked > 0 ? worst : .nan, within: 0...0.5, "pixels, the worst of \(checked) joints")
  }
}

extension RenderedRecordings {
  /// Pixels between the place of each joint by the cut-out's matrix and the middle of a marker that is drawn there; joints
  /// whose markers reach the picture's border are left out.
  func reprojectionErrors(at place: MultiViewPlace, _ augmentation: PictureAugmentation, size: Int) throws -> [Double] {
    let (camera, crop) = view(at: place, augmentation, size: size)
    let intrinsics = crop.matrix * camera.intrinsics
    let (moment, outline) = takes[place.sequence].moment(place.frame)
    guard let joints = try joints(at: place) else { return [] }
    return zip(regressor.joints(of: outline), joints).compactMap { onBody, inCamera in
      let p = intrinsics * (inCamera / 1000)
      let expected = SIMD2(p.x, p.y) / p.z
      let corners = SceneFigure.cropped(
        SceneFigure.projected(Self.marker(at: onBody), moment: moment, camera: camera), to: crop)
      let low = SceneFigure.box(of: corners).low.min()
      let high = SceneFigure.box(of: corners).high.max()
      guard low > 0, high < Double(size) else { return nil }
      let drawn = DrawnPerson(
        corners: corners, shades: corners.map { _ in 1 }, faces: Self.markerFaces, size: size, samplesPerSide: 4)
      var (sum, total) = (SIMD2<Double>.zero, 0.0)
      for pixel in drawn.coverage.indices {
        let share = Double(drawn.coverage[pixel])
        sum += share * SIMD2(Double(pixel % size) + 0.5, Double(pixel / size) + 0.5)
        total += share
      }
      let off = sum / total - expected
      return (off * off).sum().squareRoot()
    }
  }

  /// The corners of an octahedron, 4 cm from its middle.
  private static func marker(at middle: SIMD3<Double>) -> [Float] {
    (0..<3).flatMap { axis in
      [-0.04, 0.04].flatMap { offset -> [Float] in
        var corner = middle
        corner[axis] += offset
        return [Float(corner.x), Float(corner.y), Float(corner.z)]
      }
    }
  }

  private static let markerFaces: [Int32] = [0, 1].flatMap { x in
    [2, 3].flatMap { y in [4, 5].flatMap { z in [x, y, z] } }
  }
}
