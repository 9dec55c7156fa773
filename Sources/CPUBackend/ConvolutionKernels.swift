import CPUShim

/// The C functions that a convolution is made of, for one real type; CPUPictures.h and CPUMatrix.h say what each does.
struct ConvolutionKernels<Real: BinaryFloatingPoint>: Sendable {
  typealias Operand = UnsafePointer<Real>?
  typealias Result = UnsafeMutablePointer<Real>?
  typealias Shape = UnsafePointer<cpu_window_shape>?
  typealias Product =
    @Sendable (
      Bool, Bool, _ m: Int64, _ n: Int64, _ k: Int64, Double, Operand, Int64, Operand, Int64, Double, Result, Int64,
      UnsafeMutableRawPointer?
    ) -> Void

  let unfold: @Sendable (Shape, Operand, _ first: Int64, _ last: Int64, Result) -> Void
  let fold: @Sendable (Shape, Operand, _ first: Int64, _ last: Int64, Result) -> Void
  let filterRows:
    @Sendable (
      Operand, _ outputs: Int64, _ inputs: Int64, _ size: Int64, _ turned: Bool, _ first: Int64, _ last: Int64, Result
    ) -> Void
  let addFilterParts:
    @Sendable (
      Operand, _ count: Int64, _ outputs: Int64, _ inputs: Int64, _ size: Int64, _ beta: Double, _ first: Int64,
      _ last: Int64, Result
    ) -> Void
  let finish:
    @Sendable (
      Operand, Result, _ pixels: Int64, _ channels: Int64, _ scale: Operand, _ bias: Operand, _ residual: Operand, Bool
    ) -> Void
  let gemm: Product

  /// c = a b + beta c for a `[m, k]`, b `[k, n]` without gaps, each stored transposed where said.
  func multiply(
    _ a: UnsafePointer<Real>, _ b: UnsafePointer<Real>, transposing: (a: Bool, b: Bool) = (false, false),
    into c: UnsafeMutablePointer<Real>, m: Int, n: Int, k: Int, beta: Double, _ scratch: UnsafeMutableRawPointer
  ) {
    gemm(
      transposing.a, transposing.b, Int64(m), Int64(n), Int64(k), 1, a, Int64(transposing.a ? m : k), b,
      Int64(transposing.b ? k : n), beta, c, Int64(n), scratch)
  }
}

extension ConvolutionKernels<Float> {
  static let float = ConvolutionKernels(
    unfold: cpu_unfold_float, fold: cpu_fold_float, filterRows: cpu_filter_rows_float,
    addFilterParts: cpu_add_filter_parts_float, finish: cpu_picture_epilogue_float, gemm: cpu_gemm_float)
}

extension ConvolutionKernels<Double> {
  static let double = ConvolutionKernels(
    unfold: cpu_unfold_double, fold: cpu_fold_double, filterRows: cpu_filter_rows_double,
    addFilterParts: cpu_add_filter_parts_double, finish: cpu_picture_epilogue_double, gemm: cpu_gemm_double)
}
