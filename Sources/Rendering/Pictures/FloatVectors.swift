// Geometry's vector functions in single precision, which is enough for light.

func dot(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> Float {
  let product = a * b
  return product.x + product.y + product.z
}

func cross(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> SIMD3<Float> {
  SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

/// The vector at length 1; zero stays zero.
func unit(_ a: SIMD3<Float>) -> SIMD3<Float> {
  let squared = dot(a, a)
  return squared > 0 ? a / squared.squareRoot() : a
}
