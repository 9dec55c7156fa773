/// Which bones move each vertex, and how much: the influences of vertex v are `start[v] ..< start[v + 1]`.
struct SkinWeights: Sendable, Equatable {
  let start: [Int32]
  let bone: [Int32]
  let weight: [Float]

  var vertexCount: Int { start.count - 1 }

  /// Takes each vertex's influences, divides them by their sum and puts the heaviest first.
  ///
  /// - Precondition: every vertex has a positive weight.
  init(_ influences: [[(bone: Int, weight: Double)]]) {
    var start: [Int32] = [0]
    var bone: [Int32] = []
    var weight: [Float] = []
    for influence in influences {
      let sum = influence.reduce(0) { $0 + $1.weight }
      precondition(sum > 0, "SkinWeights: vertex \(start.count - 1) follows no bone")
      for entry in influence.sorted(by: { ($1.weight, $0.bone) < ($0.weight, $1.bone) }) where entry.weight > 0 {
        bone.append(Int32(entry.bone))
        weight.append(Float(entry.weight / sum))
      }
      start.append(Int32(bone.count))
    }
    self.start = start
    self.bone = bone
    self.weight = weight
  }

  init(start: [Int32], bone: [Int32], weight: [Float]) {
    self.start = start
    self.bone = bone
    self.weight = weight
  }

  func reduced(to kept: [Int]) -> SkinWeights {
    var start: [Int32] = [0]
    var bone: [Int32] = []
    var weight: [Float] = []
    for vertex in kept {
      let range = Int(self.start[vertex])..<Int(self.start[vertex + 1])
      bone += self.bone[range]
      weight += self.weight[range]
      start.append(Int32(bone.count))
    }
    return SkinWeights(start: start, bone: bone, weight: weight)
  }
}
