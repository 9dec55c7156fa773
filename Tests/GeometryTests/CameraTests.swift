import Foundation
import Geometry
import Testing

@Suite struct CameraTests {
  @Test func pixelsFollowTheEquation() {
    let camera = Camera(
      rotation: Matrix3(radians: .pi / 2, about: SIMD3(0, 0, 1)), translation: SIMD3(0.5, 0, 4),
      focalLength: SIMD2(1000, 1100), centre: SIMD2(500, 400), imageSize: SIMD2(1000, 800))
    // (1, 2, 1) turns to (-2, 1, 1) and is moved to (-1.5, 1, 5).
    #expect(norm(camera.toCamera(SIMD3(1, 2, 1)) - SIMD3(-1.5, 1, 5)) < 1e-15)
    let pixel = camera.pixel(of: SIMD3(1, 2, 1))
    #expect(abs(pixel.x - (1000 * -1.5 / 5 + 500)) < 1e-12)
    #expect(abs(pixel.y - (1100 * 1.0 / 5 + 400)) < 1e-12)
  }

  @Test func lookingAtATargetCentresIt() {
    let position = SIMD3(3.0, 1.4, -2)
    let target = SIMD3(0.2, 1, 0.1)
    let up = SIMD3(0.0, 1, 0)
    let camera = Camera(at: position, lookingAt: target, up: up, focalLength: 1145, imageSize: SIMD2(1000, 1002))
    #expect(norm(camera.position - position) < 1e-14)
    #expect(abs(camera.rotation.determinant - 1) < 1e-14)
    let seen = camera.toCamera(target)
    #expect(norm(seen - SIMD3(0, 0, norm(target - position))) < 1e-14)
    let pixel = camera.pixel(of: target)
    #expect(abs(pixel.x - 500) + abs(pixel.y - 501) < 1e-10)
    // What is higher in the world is higher in the picture, where rows count downwards.
    #expect(camera.pixel(of: target + up * 0.1).y < pixel.y)
    #expect(abs(camera.pixel(of: target + up * 0.1).x - pixel.x) < 1e-10)
  }

  @Test(arguments: [SIMD3(0.0, 0, 1), SIMD3(0.0, 1, 0)])
  func studioSurroundsTheSubject(up: SIMD3<Double>) {
    let target = SIMD3(0.3, 0.3, 0.3) + up * 0.7
    let cameras = Camera.studio(around: target, up: up)
    #expect(cameras.count == 4)
    for (camera, next) in zip(cameras, cameras[1...] + cameras[..<1]) {
      #expect(abs(dot(camera.position, up) - 1.5) < 1e-14)
      let sideways = { (c: Camera) in c.position - target - up * dot(c.position - target, up) }
      #expect(abs(norm(sideways(camera)) - 5) < 1e-14)
      #expect(abs(dot(sideways(camera), sideways(next))) < 1e-12)
      #expect(abs(camera.pixel(of: target).x - 500) + abs(camera.pixel(of: target).y - 501) < 1e-9)
      #expect(camera.pixel(of: target + up).y < 501)
    }
  }
}
