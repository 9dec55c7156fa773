/// The OpenCL C sources, embedded in the binary at build time; one file per concept.
public enum KernelSource: String, Sendable, Hashable, CaseIterable {
  case argReduce, convolution, copy, fill, filterGradient, gather, gemm, gemmPlain, map, matrixUnitConvolution
  case matrixUnitFilterGradient, matrixUnitGemm, moments, nearestPoints, pooling, random, raster, reduce, scatterAdd
  case spmm, transport, tripletDistance

  /// The program text, with the files that it builds on before it.
  public var text: String {
    let fma = [PackageResources.fma_cl, PackageResources.tiles_cl]
    let matrixUnits = [PackageResources.matrixUnits_cl, PackageResources.tiles_cl]
    let gemm = [PackageResources.epilogue_cl, PackageResources.gemm_cl]
    let convolution = [PackageResources.epilogue_cl, PackageResources.windows_cl, PackageResources.convolution_cl]
    let filterGradient = [PackageResources.windows_cl, PackageResources.filterGradient_cl]
    let parts: [[UInt8]] =
      switch self {
      case .argReduce: [PackageResources.argReduce_cl]
      case .convolution: fma + convolution
      case .copy: [PackageResources.copy_cl]
      case .fill: [PackageResources.fill_cl]
      case .filterGradient: fma + filterGradient
      case .gather: [PackageResources.gather_cl]
      case .gemm: fma + gemm
      case .gemmPlain: [PackageResources.epilogue_cl, PackageResources.gemmPlain_cl]
      case .map: [PackageResources.operands_cl, PackageResources.map_cl]
      case .matrixUnitConvolution: matrixUnits + convolution
      case .matrixUnitFilterGradient: matrixUnits + filterGradient
      case .matrixUnitGemm: matrixUnits + gemm
      case .moments: [PackageResources.moments_cl]
      case .nearestPoints: [PackageResources.nearestPoints_cl]
      case .pooling: [PackageResources.pooling_cl]
      case .random: [PackageResources.random_cl]
      case .raster: [PackageResources.raster_cl]
      case .reduce: [PackageResources.operands_cl, PackageResources.reduce_cl]
      case .scatterAdd: [PackageResources.scatterAdd_cl]
      case .spmm: [PackageResources.spmm_cl]
      case .transport: [PackageResources.transport_cl]
      case .tripletDistance: [PackageResources.tripletDistance_cl]
      }
    return ([PackageResources.real_cl] + parts).map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
  }
}
