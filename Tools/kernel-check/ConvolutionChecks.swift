import Compute
import OpenCLBackend

extension Harness {
  mutating func checkConvolutions() {
    defer { device = devices.usual }
    device = devices.tinyTiles
    // The gradient by pictures of fewer than 8 channels is composed.
    for (pictures, outputs, window) in [
      ([2, 3, 4, 9], 5, Window(size: 3, padding: 1)), ([1, 4, 5, 8], 9, Window(size: 3, stride: 2, padding: 1)),
      ([1, 4, 5, 8], 3, Window(size: 1, stride: 2)), ([2, 3, 2, 5], 4, Window(size: 1)),
      ([1, 7, 5, 1], 2, Window(size: 7, stride: 2, padding: 3)), ([1, 2, 1, 8], 2, Window(size: 3)),
      ([1, 9, 5, 8], 3, Window(size: 2, stride: 5, padding: 1)),
      // Depths that are cut into slices: taps and channels, then pixels.
      ([1, 2, 1, 60], 2, Window(size: 3, padding: 1)), ([2, 17, 17, 1], 2, Window(size: 2)),
    ] { checkConvolution(pictures, outputs, window) }
    // The tiles that convolutions are cut into for speed: standard, narrow, flat and large.
    device = devices.usual
    for (pictures, outputs) in [([1, 9, 8, 3], 18), ([1, 9, 8, 3], 3), ([1, 3, 3, 8], 17)] {
      checkConvolution(pictures, outputs, Window(size: 3, padding: 1))
    }
    if elementType == .float32 {
      device = devices.largeTiles
      checkConvolution([1, 12, 11, 8], 3, Window(size: 3, padding: 1))
    }
  }

  /// y with every epilogue at once; dx overwrites, dWeight adds.
  private mutating func checkConvolution(_ pictures: [Int], _ outputs: Int, _ window: Window) {
    let (inputs, size) = (pictures[3], window.size)
    let results = window.output(pictures) + [outputs]
    let weights = [outputs, inputs, size, size]
    func count(_ shape: [Int]) -> Int { shape.reduce(1, *) }
    let (x, w, dy) = (numbers(count(pictures)), numbers(count(weights)), numbers(count(results)))
    let (scale, bias, residual) = (numbers(outputs), numbers(outputs), numbers(count(results)))
    var (sums, dx) = ([Double](repeating: 0, count: dy.count), [Double](repeating: 0, count: x.count))
    var dWeight = [Double](repeating: 1, count: w.count)
    for result in 0..<dy.count {
      let (o, j) = (result % outputs, result / outputs % results[2])
      let (i, b) = (result / outputs / results[2] % results[1], result / outputs / results[2] / results[1])
      for place in 0..<size * size * inputs {
        let (u, v, c) = (place / inputs / size, place / inputs % size, place % inputs)
        let (row, column) = (i * window.stride + u - window.padding, j * window.stride + v - window.padding)
        guard (0..<pictures[1]).contains(row), (0..<pictures[2]).contains(column) else { continue }
        let pixel = ((b * pictures[1] + row) * pictures[2] + column) * inputs + c
        let weight = ((o * inputs + c) * size + u) * size + v
        sums[result] += x[pixel] * w[weight]
        dx[pixel] += dy[result] * w[weight]
        dWeight[weight] += dy[result] * x[pixel]
      }
    }
    let finished = sums.indices.map { max(sums[$0] * scale[$0 % outputs] + bias[$0 % outputs] + residual[$0], 0) }

    let views = (x: upload(x, pictures), w: upload(w, weights), dy: upload(dy, results))
    let (y, plain) = (framed(results), framed(results))
    let (dxView, dWeightView) = (framed(pictures), framed(weights, filledWith: 0.5))
    device.convolution2D(views.x, views.w, into: plain, window: window, epilogue: nil)
    device.convolution2D(
      views.x, views.w, into: y, window: window,
      epilogue: ConvolutionEpilogue(
        scale: upload(scale, [outputs]), bias: upload(bias, [outputs]), residual: upload(residual, results),
        activation: .relu))
    device.convolution2DDataGradient(views.dy, views.w, into: dxView, window: window, beta: 0)
    device.convolution2DFilterGradient(views.x, views.dy, into: dWeightView, window: window, beta: 2)
    let name = "convolution \(pictures) to \(outputs), \(window.size)/\(window.stride)/\(window.padding)"
    expect(name, plain, sums)
    expect("\(name) finished", y, finished)
    expect("\(name) dx", dxView, dx)
    expect("\(name) dWeight", dWeightView, dWeight)
  }

  mutating func checkPooling() {
    for (pictures, window) in [
      ([2, 5, 4, 3], Window(size: 3, stride: 2, padding: 1)), ([1, 4, 6, 9], Window(size: 2, stride: 2)),
      ([1, 1, 1, 70], Window(size: 3, padding: 2)), ([1, 7, 5, 1], Window(size: 2, stride: 3)),
      ([0, 3, 3, 2], Window(size: 3)),
    ] { checkPool(pictures, window) }
  }

  /// Gradients add.
  private mutating func checkPool(_ pictures: [Int], _ window: Window) {
    let (channels, size) = (pictures[3], window.size)
    let results = window.output(pictures) + [channels]
    // Quarters, so that some tie.
    let x = numbers(pictures.reduce(1, *)).map { ($0 * 4).rounded() / 4 }
    let dy = numbers(results.reduce(1, *))
    var (greatest, means) = (dy.map { _ in -Double.infinity }, dy.map { _ in 0.0 })
    var (choice, winners) = (dy.map { _ in Int32(0) }, dy.map { _ in 0 })
    var (dGreatest, dMean) = (x.map { _ in 0.5 }, x.map { _ in 0.5 })
    for result in dy.indices {
      let (c, j) = (result % channels, result / channels % results[2])
      let (i, b) = (result / channels / results[2] % results[1], result / channels / results[2] / results[1])
      for place in 0..<size * size {
        let row = i * window.stride + place / size - window.padding
        let column = j * window.stride + place % size - window.padding
        guard (0..<pictures[1]).contains(row), (0..<pictures[2]).contains(column) else { continue }
        let pixel = ((b * pictures[1] + row) * pictures[2] + column) * channels + c
        means[result] += x[pixel] / Double(size * size)
        dMean[pixel] += dy[result] / Double(size * size)
        if x[pixel] > greatest[result] {
          (greatest[result], choice[result], winners[result]) = (x[pixel], Int32(place), pixel)
        }
      }
      dGreatest[winners[result]] += dy[result]
    }
    let (xView, dyView) = (upload(x, pictures), upload(dy, results))
    let (greatestView, meanView) = (framed(results), framed(results))
    let (dGreatestView, dMeanView) = (framed(pictures, filledWith: 0.25), framed(pictures, filledWith: 0.25))
    let places = device.allocate(.uint8, results)
    device.maximumPool2D(xView, into: greatestView, choice: places, window: window)
    device.maximumPool2DGradient(dyView, choice: places, into: dGreatestView, window: window, beta: 2)
    device.averagePool2D(xView, into: meanView, window: window)
    device.averagePool2DGradient(dyView, into: dMeanView, window: window, beta: 2)
    let wide = device.allocate(.int32, results)
    device.copy(places, to: wide)
    let name = "pool \(pictures), \(window.size)/\(window.stride)/\(window.padding)"
    expect("\(name) maximum", greatestView, greatest)
    expect("\(name) choice", wide, choice)
    expect("\(name) maximum's gradient", dGreatestView, dGreatest)
    expect("\(name) mean", meanView, means)
    expect("\(name) mean's gradient", dMeanView, dMean)
  }

  /// A contiguous output with canaries before and after it.
  private func framed(_ shape: [Int], filledWith value: Double = .nan) -> TensorView {
    canaried([shape.reduce(1, *)], filledWith: value).reshaped(shape)
  }
}
