/// Smooth noise in 0...1: random values at whole places, interpolated between (Perlin and Hoffert, "Hypertexture", 1989,
/// in its simplest form).
func valueNoise(_ place: SIMD3<Double>, seed: UInt64) -> Double {
  let corner = place.rounded(.down)
  let inside = place - corner
  let weight = inside * inside * (3 - 2 * inside)
  let cell = SIMD3<Int64>(corner)
  var sum = 0.0
  for k in 0..<8 {
    let offset = SIMD3<Int64>(Int64(k & 1), Int64(k >> 1 & 1), Int64(k >> 2 & 1))
    let at = cell &+ offset
    let word = mixed(
      seed ^ UInt64(bitPattern: at.x &* 0x1F1F_1F1F_1F1F) ^ UInt64(bitPattern: at.y &* 0x3C6E_F372_FE95)
        ^ UInt64(bitPattern: at.z &* 0x6A09_E667_F3BD))
    let share =
      (offset.x == 1 ? weight.x : 1 - weight.x) * (offset.y == 1 ? weight.y : 1 - weight.y)
      * (offset.z == 1 ? weight.z : 1 - weight.z)
    sum += share * Double(word >> 11) * 0x1p-53
  }
  return sum
}
