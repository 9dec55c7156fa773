import Compute
import Layers

/// Batch normalisation with its ReLU after a ResNet's first stage: 64 pictures of 32 x 32 pixels, 64 channels.
///
/// Forward reads z twice and writes y; backward reads dy and z twice and writes dz. The second row has both, and the
/// filling of dy.
let batchNormBenchmarks = [batchNormBenchmark(isBackward: false), batchNormBenchmark(isBackward: true)]

private let shape = [64, 32 * 32, 64]
private let (rows, channels) = (shape[0] * shape[1], shape[2])

private func batchNormBenchmark(isBackward: Bool) -> Benchmark {
  Benchmark(
    name: "batchnorm/65536x64/" + (isBackward ? "forward+backward" : "forward"), bound: .memory,
    flop: (isBackward ? 30 : 12) * rows * channels, elementTraffic: (isBackward ? 9 : 3) * rows * channels
  ) { device, type in
    let layer = BatchNorm("norm", channels)
    let parameters = ParameterStore(layer.declarations, counters: [layer.counter], type, on: device)
    let (gain, bias) = (hostValues(channels, seed: 51), hostValues(channels, seed: 52))
    device.upload(gain, to: parameters.view("norm.weight"))
    device.upload(bias, to: parameters.view("norm.bias"))
    let z = hostValues(rows * channels, seed: 53)
    let input = Tensor(device.uploaded(z, type, shape), on: device)
    let slot = GradientSlot()
    var output = input
    return Prepared(run: {
      parameters.clearGradients()
      slot.clear()
      let tape = isBackward ? Tape() : nil
      let pass = ForwardPass(parameters, isTraining: true, tape: tape)
      output = layer(tape?.variable(input, gradient: slot) ?? input, pass)
      tape?.backward(from: [output])
    }) {
      var result = Verification()
      let found = try device.downloadDoubles(isBackward ? slot.gradient ?? output.view : output.view)
      let count = Double(rows)
      for channel in spread(5, over: channels) {
        let column = (0..<rows).map { Double(z[$0 * channels + channel]) }
        let mean = column.reduce(0, +) / count
        let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        let inverse = 1 / (variance + layer.epsilon).squareRoot()
        let (g, b) = (Double(gain[channel]), Double(bias[channel]))
        let normal = column.map { ($0 - mean) * inverse }
        let open = normal.map { $0 * g + b > 0 ? 1.0 : 0 }
        let dBias = open.reduce(0, +)
        let dGain = zip(open, normal).reduce(0) { $0 + $1.0 * $1.1 }
        for row in spread(101, over: rows) where abs(normal[row] * g + b) > 1e-4 {
          let expected =
            isBackward
            ? g * inverse * (open[row] - (dBias + normal[row] * dGain) / count) : max(normal[row] * g + b, 0)
          result.compare(found[row * channels + channel], expected, magnitude: 8, type: type)
        }
      }
      return result
    }
  }
}
