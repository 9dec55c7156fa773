import CPUShim

/// The C functions of minimal filtering for one real type; CPUPictures.h says what each does.
struct WinogradKernels<Real: BinaryFloatingPoint>: Sendable {
  typealias Operand = UnsafePointer<Real>?
  typealias Result = UnsafeMutablePointer<Real>?
  typealias Shape = UnsafePointer<cpu_window_shape>?

  let input: @Sendable (Shape, Operand, _ first: Int64, _ last: Int64, _ matrix: Int64, Result) -> Void
  let output:
    @Sendable (
      Shape, _ outputs: Int64, Operand, _ first: Int64, _ last: Int64, _ matrix: Int64, _ beta: Double,
      _ scale: Operand, _ bias: Operand, _ residual: Operand, Bool, Result
    ) -> Void
  let outputAdjoint:
    @Sendable (Shape, _ outputs: Int64, Operand, _ first: Int64, _ last: Int64, _ matrix: Int64, Result) -> Void
  let filters:
    @Sendable (
      Operand, _ outputs: Int64, _ inputs: Int64, _ turned: Bool, _ first: Int64, _ last: Int64, Result
    ) -> Void
  let filterGradient:
    @Sendable (
      Operand, _ outputs: Int64, _ inputs: Int64, _ beta: Double, _ first: Int64, _ last: Int64, Result
    ) -> Void
  let gemm: ConvolutionKernels<Real>.Product
}

extension WinogradKernels<Float> {
  static let float = WinogradKernels(
    input: cpu_winograd_input_float, output: cpu_winograd_output_float,
    outputAdjoint: cpu_winograd_output_adjoint_float, filters: cpu_winograd_filters_float,
    filterGradient: cpu_winograd_filter_gradient_float, gemm: cpu_gemm_float)
}

extension WinogradKernels<Double> {
  static let double = WinogradKernels(
    input: cpu_winograd_input_double, output: cpu_winograd_output_double,
    outputAdjoint: cpu_winograd_output_adjoint_double, filters: cpu_winograd_filters_double,
    filterGradient: cpu_winograd_filter_gradient_double, gemm: cpu_gemm_double)
}
