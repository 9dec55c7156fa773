import Compute

/// The nearest neighbours that a Chamfer distance of two body meshes needs, both ways.
let nearestPointsBenchmarks: [Benchmark] = [
  Benchmark(
    name: "chamfer/\(count)x\(count)x3", bound: .arithmetic, flop: 2 * 8 * count * count,
    elementTraffic: 2 * 2 * 3 * count
  ) { device, type in
    let sets = [hostValues(3 * count, seed: 24), hostValues(3 * count, seed: 25)]
    let views = sets.map { device.uploaded($0, type, [1, count, 3]) }
    let distances = sets.map { _ in device.allocate(type, [1, count]) }
    let indices = sets.map { _ in device.allocate(.int32, [1, count]) }
    return Prepared(run: {
      for k in 0..<2 {
        device.nearestPoints(views[k], among: views[1 - k], squaredDistance: distances[k], index: indices[k])
      }
    }) {
      var result = Verification()
      for k in 0..<2 {
        let found = try device.downloadDoubles(distances[k])
        let places = try device.download(indices[k], as: Int32.self)
        for i in spread(101, over: count) {
          func squaredDistance(_ j: Int) -> Double {
            (0..<3).reduce(0) { sum, c in
              let difference = Double(sets[k][3 * i + c]) - Double(sets[1 - k][3 * j + c])
              return sum + difference * difference
            }
          }
          let nearest = (0..<count).map(squaredDistance).min() ?? 0
          result.compare(found[i], nearest, magnitude: nearest, type: type)
          result.compare(squaredDistance(Int(places[i])), nearest, magnitude: nearest, type: type)
        }
      }
      return result
    }
  }
]

private let count = 6890
