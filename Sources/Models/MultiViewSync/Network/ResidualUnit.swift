import Layers

/// One residual unit: y = relu(F(x) + shortcut(x)).
///
/// F is two 3x3 convolutions or, as a bottleneck, 1x1, 3x3 and 1x1; the (first) 3x3 one carries the stride. The shortcut is
/// x itself, or a 1x1 convolution where the shape changes. All are followed by batch norm, and by a ReLU inside F.
struct ResidualUnit: Sendable {
  private let layers: [NormalizedConvolution]
  private let shortcut: NormalizedConvolution?
  let outputs: Int

  /// - Parameters:
  ///   - name: of the unit, "backbone.layer1.0".
  ///   - channels: of the 3x3 convolutions.
  ///   - hasFinalReLU: after the sum.
  init(_ name: String, _ inputs: Int, channels: Int, stride: Int, of backbone: Backbone, hasFinalReLU: Bool) {
    outputs = channels * backbone.expansion
    let forms: [(outputs: Int, size: Int, stride: Int)] =
      backbone.isBottleneck
      ? [(channels, 1, 1), (channels, 3, stride), (outputs, 1, 1)] : [(channels, 3, stride), (channels, 3, 1)]
    var layers: [NormalizedConvolution] = []
    for (index, form) in forms.enumerated() {
      layers.append(
        NormalizedConvolution(
          convolution: "\(name).conv\(index + 1)", norm: "\(name).bn\(index + 1)", layers.last?.outputs ?? inputs,
          form.outputs, window: Window(size: form.size, stride: form.stride, padding: form.size / 2),
          hasReLU: hasFinalReLU || index < forms.count - 1))
    }
    self.layers = layers
    shortcut =
      stride == 1 && inputs == outputs
      ? nil
      : NormalizedConvolution(
        convolution: "\(name).downsample.0", norm: "\(name).downsample.1", inputs, outputs,
        window: Window(size: 1, stride: stride), hasReLU: false)
  }

  var convolutions: [NormalizedConvolution] { layers + (shortcut.map { [$0] } ?? []) }

  /// x: `[batch, height, width, inputs]`.
  func callAsFunction(_ x: Tensor, _ pass: ForwardPass) -> Tensor {
    let residual = shortcut?(x, pass) ?? x
    let inner = layers.dropLast().reduce(x) { $1($0, pass) }
    return layers[layers.count - 1](inner, pass, residual: residual)
  }
}

extension NormalizedConvolution {
  var outputs: Int { convolution.outputs }
}
