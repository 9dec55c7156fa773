/// An affine map of a glTF node: p -> x p.x + y p.y + z p.z + translation.
struct GLBTransform: Equatable {
  /// The columns of the linear part.
  var x, y, z: SIMD3<Double>
  var translation: SIMD3<Double>

  static let identity = GLBTransform(
    x: SIMD3(1, 0, 0), y: SIMD3(0, 1, 0), z: SIMD3(0, 0, 1), translation: SIMD3(0, 0, 0))

  func callAsFunction(_ point: SIMD3<Double>) -> SIMD3<Double> { linear(point) + translation }

  /// First `inner`, then this map.
  func composed(with inner: GLBTransform) -> GLBTransform {
    GLBTransform(x: linear(inner.x), y: linear(inner.y), z: linear(inner.z), translation: self(inner.translation))
  }

  /// Whether it turns left hands into right ones; triangles change their winding then.
  var isMirroring: Bool { (x * vectorProduct(y, z)).sum() < 0 }

  private func linear(_ v: SIMD3<Double>) -> SIMD3<Double> { x * v.x + y * v.y + z * v.z }
}

extension GLBTransform {
  /// The transform of a node: its `matrix` (16 numbers, column-major), or translation times rotation times scale.
  ///
  /// Nil when one of them has a wrong number of elements, or the rotation is the zero quaternion.
  init?(node: JSONValue) {
    func numbers(_ key: String, _ fallback: [Double]) -> [Double]? {
      guard let value = node[key] else { return fallback }
      return value.doubles.flatMap { $0.count == fallback.count ? $0 : nil }
    }
    if node["matrix"] != nil {
      guard let m = numbers("matrix", [Double](repeating: 0, count: 16)) else { return nil }
      self.init(
        x: SIMD3(m[0], m[1], m[2]), y: SIMD3(m[4], m[5], m[6]), z: SIMD3(m[8], m[9], m[10]),
        translation: SIMD3(m[12], m[13], m[14]))
      return
    }
    guard let t = numbers("translation", [0, 0, 0]), let q = numbers("rotation", [0, 0, 0, 1]),
      let s = numbers("scale", [1, 1, 1])
    else { return nil }
    // The quaternion is (x, y, z, w); dividing by its square forgives one that is not quite of unit length.
    let axis = SIMD3(q[0], q[1], q[2])
    let w = q[3]
    let square = (axis * axis).sum() + w * w
    guard square > 0 else { return nil }
    func column(_ index: Int) -> SIMD3<Double> {
      // R e = e + 2 w (a x e) + 2 a x (a x e), with q = (a, w) of unit length.
      var e = SIMD3<Double>.zero
      e[index] = 1
      let once = vectorProduct(axis, e)
      return e + (once * w + vectorProduct(axis, once)) * (2 / square)
    }
    self.init(
      x: column(0) * s[0], y: column(1) * s[1], z: column(2) * s[2], translation: SIMD3(t[0], t[1], t[2]))
  }
}

private func vectorProduct(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}
