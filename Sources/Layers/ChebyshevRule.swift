/// The re-associated Chebyshev layer as one tape node; saves its input and weight only.
///
/// The products U of a few batch elements at a time live in a workspace, so memory does not grow with the batch.
/// - Parameters:
///   - x: `[batch, inputRows, F]`.
///   - weight: `[G, 3 F]`, column `3 f + k`.
///   - bias: `[G]`.
/// - Returns: `[batch, outputRows, G]`.
func chebyshev(_ x: Tensor, _ operators: ChebyshevOperators, weight: Tensor, bias: Tensor) -> Tensor {
  let device = x.device
  precondition(
    x.shape.count == 3 && x.shape[1] == operators.inputRows && weight.shape == [weight.shape[0], 3 * x.shape[2]],
    "chebyshev: x has shape \(x.shape), the operators take \(operators.inputRows) rows, the weight is \(weight.shape)")
  let layout = ChebyshevLayout(x.view, weight.view, operators, device)
  let stacked = stackedWeight(weight.view, layout, device)
  let stackedBias = device.allocate(x.elementType, [3 * layout.outputs])
  device.fill(stackedBias, with: 0)
  device.copy(bias.view, to: stackedBias.sliced(axis: 0, 0..<layout.outputs))

  let y = device.allocate(x.elementType, [layout.batch, operators.outputRows, layout.outputs])
  let workspace = ChebyshevWorkspace(layout, operators, device)
  for chunk in layout.chunks {
    let out = y.sliced(axis: 0, chunk)
    let (products, rows, inner) = workspace.views(chunk.count)
    // The bias rides on U0: each row of P has a single 1.
    device.gemm(
      x.view.sliced(axis: 0, chunk).reshaped([chunk.count * operators.inputRows, layout.inputs]), stacked,
      into: products, alpha: 1, beta: 0, epilogue: Epilogue(bias: .perColumn(stackedBias)))
    device.spmm(operators.inner, rows, into: inner)
    device.spmm(operators.outer, rows, into: out)
    device.spmm(operators.laplacian, inner, into: out, alpha: 1, beta: 1, adding: out)
  }
  return .recording("chebyshev", y, from: [x, weight, bias], saving: [x.view, weight.view]) { gradients, saved in
    pullBack(gradients, x: saved[0], weight: saved[1], layout, operators)
  }
}

/// dt = L' dy,  dU = outer' dy + inner' dt;  then dx = dU S' and dS = x' dU for the stacked weight S.
private func pullBack(
  _ gradients: Gradients, x: TensorView, weight: TensorView, _ layout: ChebyshevLayout, _ operators: ChebyshevOperators
) {
  let device = gradients.device
  let dy = gradients.upstream
  let stacked = stackedWeight(weight, layout, device)
  let dStacked = device.allocate(x.elementType, [layout.inputs, 3 * layout.outputs])
  let workspace = ChebyshevWorkspace(layout, operators, device)
  gradients.accumulate(2) { device.sumColumns(dy, into: $0, beta: $1) }
  /// Walks the batch once; the input's gradient is left out when nobody wants it.
  func walk(_ dx: TensorView?, _ beta: Double) {
    for (number, chunk) in layout.chunks.enumerated() {
      let dOut = dy.sliced(axis: 0, chunk)
      let (dProducts, dRows, dInner) = workspace.views(chunk.count)
      device.spmm(operators.laplacian.transposed, dOut, into: dInner)
      device.spmm(operators.outer.transposed, dOut, into: dRows)
      device.spmm(operators.inner.transposed, dInner, into: dRows, alpha: 1, beta: 1, adding: dRows)
      let rows = chunk.count * operators.inputRows
      let input = x.sliced(axis: 0, chunk).reshaped([rows, layout.inputs])
      device.gemm(input.transposed, dProducts, into: dStacked, alpha: 1, beta: number == 0 ? 0 : 1)
      if let dx {
        device.gemm(
          dProducts, stacked.transposed, into: dx.sliced(axis: 0, chunk).reshaped([rows, layout.inputs]), alpha: 1,
          beta: beta)
      }
    }
  }
  if gradients.isWanted(0) { gradients.accumulate(0, walk) } else { walk(nil, 0) }
  gradients.accumulate(1) { dWeight, beta in
    let parts = layout.stackedParts(dStacked)
    let orders = layout.orders(dWeight)
    device.map(
      beta == 0 ? unstackProgram : unstackAddProgram, parts + (beta == 0 ? [] : orders), into: orders)
  }
}

/// The sizes of one layer, and how the batch is cut so that the workspace stays small.
struct ChebyshevLayout {
  let batch, inputs, outputs: Int
  let chunks: [Range<Int>]

  init(_ x: TensorView, _ weight: TensorView, _ operators: ChebyshevOperators, _ device: any Device) {
    batch = x.shape[0]
    inputs = x.shape[2]
    outputs = weight.shape[0]
    let perElement = operators.inputRows * 3 * outputs * x.elementType.byteCount
    let size = max(1, device.information.preferredWorkspaceByteCount / max(perElement, 1))
    chunks = stride(from: 0, to: x.shape[0], by: size).map { [count = x.shape[0]] in $0..<min($0 + size, count) }
  }

  /// `[G, F]` views of a `[G, 3 F]` weight: its three orders.
  func orders(_ weight: TensorView) -> [TensorView] {
    let byOrder = weight.reshaped([outputs, inputs, 3])
    return (0..<3).map { byOrder.selecting(axis: 2, $0) }
  }

  /// `[G, F]` views of a stacked weight `[F, 3 G]`: its three column blocks, transposed.
  func stackedParts(_ stacked: TensorView) -> [TensorView] {
    (0..<3).map { stacked.sliced(axis: 1, $0 * outputs..<($0 + 1) * outputs).transposed }
  }
}

/// Memory for the products of one chunk, reused by all chunks.
private struct ChebyshevWorkspace {
  let products: TensorView
  let inner: TensorView
  let layout: ChebyshevLayout
  let operators: ChebyshevOperators

  init(_ layout: ChebyshevLayout, _ operators: ChebyshevOperators, _ device: any Device) {
    let size = layout.chunks.first?.count ?? 0
    let type = operators.inner.elementType
    products = device.allocate(type, [size, operators.inputRows, 3 * layout.outputs])
    inner = device.allocate(type, [size, operators.outputRows, layout.outputs])
    self.layout = layout
    self.operators = operators
  }

  /// For `count` batch elements: U as a matrix, U as rows `3v + k`, and t.
  func views(_ count: Int) -> (products: TensorView, rows: TensorView, inner: TensorView) {
    let part = products.sliced(axis: 0, 0..<count)
    return (
      part.reshaped([count * operators.inputRows, 3 * layout.outputs]),
      part.reshaped([count, 3 * operators.inputRows, layout.outputs]), inner.sliced(axis: 0, 0..<count)
    )
  }
}

/// S = [W0 - W2 | W1 | 2 W2] as `[F, 3 G]`.
private func stackedWeight(_ weight: TensorView, _ layout: ChebyshevLayout, _ device: any Device) -> TensorView {
  let stacked = device.allocate(weight.elementType, [layout.inputs, 3 * layout.outputs])
  device.map(stackProgram, layout.orders(weight), into: layout.stackedParts(stacked))
  return stacked
}

private let stackProgram = ElementwiseProgram("chebyshev.stack", inputs: 3) { w, _ in [w[0] - w[2], w[1], 2 * w[2]] }

/// dW0 = dS0, dW1 = dS1, dW2 = 2 dS2 - dS0.
private let unstackProgram = ElementwiseProgram("chebyshev.unstack", inputs: 3) { s, _ in
  [s[0], s[1], 2 * s[2] - s[0]]
}
private let unstackAddProgram = ElementwiseProgram("chebyshev.unstackAdd", inputs: 6) { s, _ in
  [s[3] + s[0], s[4] + s[1], s[5] + (2 * s[2] - s[0])]
}
