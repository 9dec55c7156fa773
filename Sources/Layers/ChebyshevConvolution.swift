/// The constant operators of a Chebyshev layer on one graph, possibly fed from the next coarser graph.
///
/// With P the upsampling matrix (the identity when input and output live on one graph) and L the graph operator,
/// and U the products of the input with the three weights, seen as rows `3v + k`:
///
///     t = P U1 + L P U2,   out = P U0 + L t
public struct ChebyshevOperators: Sendable {
  /// Rows of the input, and of the output, per batch element.
  public let inputRows, outputRows: Int
  /// `[outputRows, 3 inputRows]`: t from U.
  public let inner: SparseMatrix
  /// `[outputRows, 3 inputRows]`: P U0 from U.
  public let outer: SparseMatrix
  /// `[outputRows, outputRows]`: L.
  public let laplacian: SparseMatrix

  public init(inner: SparseMatrix, outer: SparseMatrix, laplacian: SparseMatrix) {
    self.inner = inner
    self.outer = outer
    self.laplacian = laplacian
    inputRows = inner.columns / 3
    outputRows = inner.rows
  }
}

/// A Chebyshev graph convolution of order 3 (Defferrard et al., 2016), in the re-associated form.
///
///     y = x W0 + (L x) W1 + (2 L L x - x) W2 + b = x (W0 - W2) + L (x W1 + L (x 2 W2)) + b
///
/// The products come first, so the sparse products run on the output's width and an upsampled input is multiplied
/// on the coarse graph, where it has half the rows.
public struct ChebyshevConvolution: Sendable {
  public let name: String
  public let inputs, outputs: Int

  public init(_ name: String, _ inputs: Int, _ outputs: Int) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
  }

  /// The weight's columns count features first and orders second: column `3 f + k`.
  public var declarations: [ParameterDeclaration] {
    [ParameterDeclaration("\(name).weight", [outputs, 3 * inputs]), ParameterDeclaration("\(name).bias", [outputs])]
  }

  /// x: `[batch, inputRows, inputs]`; gives `[batch, outputRows, outputs]`.
  public func callAsFunction(_ x: Tensor, _ operators: ChebyshevOperators, _ pass: ForwardPass) -> Tensor {
    chebyshev(
      x, operators, weight: pass.parameter("\(name).weight"), bias: pass.parameter("\(name).bias"))
  }
}
