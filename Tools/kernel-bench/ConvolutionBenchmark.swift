import Compute

/// The convolutions of a ResNet-18 for 64 pictures of 128 x 128 pixels, each way by itself; the peers' rows, all three
/// ways in one; and the max pool: fused, and as the compositions that the fused kernels replace.
let convolutionBenchmarks: [Benchmark] = resNetBenchmarks + peerBenchmarks + poolBenchmarks

private let resNetBenchmarks: [Benchmark] = resNetLayers.flatMap { layer -> [Benchmark] in
  let ways: [Way] = [.forward, .data, .filter]
  return ways.flatMap { way -> [Benchmark] in
    [false, true].map { layer.benchmark([way], "/\(way)", isComposed: $0) }
  }
}

private let peerBenchmarks: [Benchmark] = peerLayers.map {
  $0.benchmark([.forward, .data, .filter], "/forward+backward", isComposed: false)
}

private let poolBenchmarks: [Benchmark] = [false, true].flatMap { isGradient -> [Benchmark] in
  [false, true].map { maximumPoolBenchmark(isGradient: isGradient, isComposed: $0) }
}

private let resNetLayers = [
  Layer(batch: 64, side: 128, inputs: 3, outputs: 64, Window(size: 7, stride: 2, padding: 3)),
  Layer(batch: 64, side: 32, inputs: 64, outputs: 64, Window(size: 3, padding: 1)),
  Layer(batch: 64, side: 32, inputs: 64, outputs: 128, Window(size: 3, stride: 2, padding: 1)),
  Layer(batch: 64, side: 16, inputs: 128, outputs: 128, Window(size: 3, padding: 1)),
  Layer(batch: 64, side: 8, inputs: 256, outputs: 256, Window(size: 3, padding: 1)),
  Layer(batch: 64, side: 4, inputs: 512, outputs: 512, Window(size: 3, padding: 1)),
  Layer(batch: 64, side: 32, inputs: 64, outputs: 128, Window(size: 1, stride: 2)),
]

private let peerLayers = [(64, 56), (128, 28), (256, 14), (512, 7)].map { channels, side in
  Layer(batch: 16, side: side, inputs: channels, outputs: channels, Window(size: 3, padding: 1))
}

private enum Way: Sendable { case forward, data, filter }

private struct Layer: Sendable {
  let pictures, weights, results: [Int]
  let outputs: Int
  let window: Window

  init(batch: Int, side: Int, inputs: Int, outputs: Int, _ window: Window) {
    pictures = [batch, side, side, inputs]
    self.outputs = outputs
    self.window = window
    results = window.output(pictures) + [outputs]
    weights = [outputs, inputs, window.size, window.size]
  }

  var name: String {
    let stride = window.stride == 1 ? "" : "s\(window.stride)"
    return "conv\(window.size)x\(window.size)\(stride)/\(pictures[3])x\(pictures[1])x\(pictures[2])-b\(pictures[0])"
  }

  /// Calls `body` with the positions of a result, a pixel's channel and a weight for every term of an element: of one
  /// result, one pixel's channel or one weight.
  func terms(_ way: Way, of position: Int, _ body: (_ result: Int, _ pixel: Int, _ weight: Int) -> Void) {
    let (height, width, inputs, size) = (pictures[1], pictures[2], pictures[3], window.size)
    func visit(_ picture: Int, _ i: Int, _ j: Int, _ o: Int, _ u: Int, _ v: Int, _ c: Int) {
      let (row, column) = (i * window.stride + u - window.padding, j * window.stride + v - window.padding)
      guard row >= 0, row < height, column >= 0, column < width else { return }
      body(
        ((picture * results[1] + i) * results[2] + j) * outputs + o,
        ((picture * height + row) * width + column) * inputs + c, ((o * inputs + c) * size + u) * size + v)
    }
    switch way {
    case .forward:
      let (o, j) = (position % outputs, position / outputs % results[2])
      let (i, b) = (position / outputs / results[2] % results[1], position / outputs / results[2] / results[1])
      for place in 0..<size * size * inputs {
        visit(b, i, j, o, place / inputs / size, place / inputs % size, place % inputs)
      }
    case .data:
      let (c, column) = (position % inputs, position / inputs % width)
      let (row, b) = (position / inputs / width % height, position / inputs / width / height)
      for place in 0..<size * size {
        let (down, right) = (row + window.padding - place / size, column + window.padding - place % size)
        let (i, j) = (down / window.stride, right / window.stride)
        guard down >= 0, right >= 0, i * window.stride == down, j * window.stride == right, i < results[1],
          j < results[2]
        else { continue }
        for o in 0..<outputs { visit(b, i, j, o, place / size, place % size, c) }
      }
    case .filter:
      let (v, u) = (position % size, position / size % size)
      let (c, o) = (position / size / size % inputs, position / size / size / inputs)
      for pixel in 0..<results[0] * results[1] * results[2] {
        visit(pixel / results[2] / results[1], pixel / results[2] % results[1], pixel % results[2], o, u, v, c)
      }
    }
  }

  func benchmark(_ ways: [Way], _ suffix: String, isComposed: Bool) -> Benchmark {
    @Sendable func count(_ shape: [Int]) -> Int { shape.reduce(1, *) }
    let flop = 2 * count(results) * pictures[3] * window.size * window.size
    return Benchmark(
      name: name + suffix + (isComposed ? "/composed" : ""), bound: .arithmetic, flop: ways.count * flop,
      elementTraffic: ways.count * (count(pictures) + count(results) + count(weights))
    ) { device, type in
      let hosts = [results, pictures, weights].enumerated().map { hostValues(count($1), seed: 31 + UInt64($0)) }
      let dy = device.uploaded(hosts[0], type, results)
      let (x, weight) = (device.uploaded(hosts[1], type, pictures), device.uploaded(hosts[2], type, weights))
      let (y, dx) = (device.allocate(type, results), device.allocate(type, pictures))
      let dWeight = device.allocate(type, weights)
      return Prepared(run: {
        for way in ways {
          switch (way, isComposed) {
          case (.forward, false): device.convolution2D(x, weight, into: y, window: window, epilogue: nil)
          case (.data, false): device.convolution2DDataGradient(dy, weight, into: dx, window: window, beta: 0)
          case (.filter, false): device.convolution2DFilterGradient(x, dy, into: dWeight, window: window, beta: 0)
          case (.forward, true): device.composedConvolution2D(x, weight, into: y, window: window, epilogue: nil)
          case (.data, true): device.composedConvolution2DDataGradient(dy, weight, into: dx, window: window, beta: 0)
          case (.filter, true):
            device.composedConvolution2DFilterGradient(x, dy, into: dWeight, window: window, beta: 0)
          }
        }
      }) {
        var result = Verification()
        for way in ways {
          let found = way == .forward ? y : way == .data ? dx : dWeight
          let values = try device.downloadDoubles(found)
          // A weight's gradient has many terms.
          for position in spread(way == .filter ? 13 : 211, over: found.elementCount) {
            var (sum, magnitude) = (0.0, 0.0)
            terms(way, of: position) { r, p, w in
              let term =
                switch way {
                case .forward: Double(hosts[1][p]) * Double(hosts[2][w])
                case .data: Double(hosts[0][r]) * Double(hosts[2][w])
                case .filter: Double(hosts[0][r]) * Double(hosts[1][p])
                }
              sum += term
              magnitude += abs(term)
            }
            result.compare(values[position], sum, magnitude: max(magnitude, type.epsilon), type: type)
          }
        }
        return result
      }
    }
  }
}

// MARK: - Pooling

/// The pool between a ResNet's first convolution and its stages.
private func maximumPoolBenchmark(isGradient: Bool, isComposed: Bool) -> Benchmark {
  let (batch, side, channels, window) = (64, 64, 64, Window(size: 3, stride: 2, padding: 1))
  let pictures = [batch, side, side, channels]
  let results = window.output(pictures) + [channels]
  let (pixelCount, resultCount) = (pictures.reduce(1, *), results.reduce(1, *))

  /// The pixel that lies at a place of a result's window, or nil outside the picture.
  @Sendable func pixel(_ result: Int, _ place: Int) -> Int? {
    let (c, j) = (result % channels, result / channels % results[2])
    let (i, b) = (result / channels / results[2] % results[1], result / channels / results[2] / results[1])
    let row = i * window.stride + place / window.size - window.padding
    let column = j * window.stride + place % window.size - window.padding
    guard row >= 0, row < side, column >= 0, column < side else { return nil }
    return ((b * side + row) * side + column) * channels + c
  }

  return Benchmark(
    name: "maxpool3x3s2/\(channels)x\(side)x\(side)-b\(batch)/" + (isGradient ? "gradient" : "forward")
      + (isComposed ? "/composed" : ""),
    bound: .memory, flop: resultCount * window.size * window.size, elementTraffic: pixelCount + resultCount
  ) { device, type in
    let (x, dy) = (hostValues(pixelCount, seed: 41), hostValues(resultCount, seed: 42))
    let (xView, dyView) = (device.uploaded(x, type, pictures), device.uploaded(dy, type, results))
    let (y, dx) = (device.allocate(type, results), device.allocate(type, pictures))
    let choice = device.allocate(.uint8, results)
    device.maximumPool2D(xView, into: y, choice: choice, window: window)
    return Prepared(run: {
      switch (isGradient, isComposed) {
      case (false, false): device.maximumPool2D(xView, into: y, choice: choice, window: window)
      case (false, true): device.composedMaximumPool2D(xView, into: y, choice: choice, window: window)
      case (true, false): device.maximumPool2DGradient(dyView, choice: choice, into: dx, window: window, beta: 0)
      case (true, true):
        device.composedMaximumPool2DGradient(dyView, choice: choice, into: dx, window: window, beta: 0)
      }
    }) {
      var result = Verification()
      let places = try device.download(choice, as: UInt8.self)
      if isGradient {
        let values = try device.downloadDoubles(dx)
        var expected = [Double](repeating: 0, count: pixelCount)
        for position in dy.indices {
          if let pixel = pixel(position, Int(places[position])) { expected[pixel] += Double(dy[position]) }
        }
        for position in spread(997, over: pixelCount) {
          result.compare(values[position], expected[position], magnitude: 4, type: type)
        }
      } else {
        let values = try device.downloadDoubles(y)
        for position in spread(997, over: resultCount) {
          let inside = (0..<window.size * window.size).compactMap { pixel(position, $0) }
          let greatest = inside.map { Double(x[$0]) }.max() ?? .nan
          let chosen = pixel(position, Int(places[position])).map { Double(x[$0]) } ?? .nan
          result.compare(values[position], greatest, magnitude: 1, type: type)
          result.compare(chosen, greatest, magnitude: 1, type: type)
        }
      }
      return result
    }
  }
}
