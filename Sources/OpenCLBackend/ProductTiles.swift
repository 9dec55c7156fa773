import Compute
import Kernels

/// How `gemm.cl`, `convolution.cl` and `filterGradient.cl` cut a product: their build-time numbers.
package struct ProductTiles: Hashable, Sendable {
  let m, n, k: Int
  let itemM, itemN: Int
  /// Multiplied by `matrixUnits.cl` in place of `fma.cl`.
  var usesMatrixUnits = false

  var groupSize: Int { (m / itemM) * (n / itemN) }

  /// 64 x 64 x 16, 4 x 4 sums per item: 256 work-items, 8.3 kB of local memory in float and 16.6 kB in double.
  static let standard = ProductTiles(m: 64, n: 64, k: 16, itemM: 4, itemN: 4)
  /// 128 x 128 x 8, 8 x 8 sums per item: twice the arithmetic per word fetched, for products with tiles enough.
  package static let large = ProductTiles(m: 128, n: 128, k: 8, itemM: 8, itemN: 8)
  /// For results a few columns wide, such as coordinates, and a few rows high.
  static let narrow = ProductTiles(m: 128, n: 16, k: 16, itemM: 8, itemN: 1)
  static let flat = ProductTiles(m: 16, n: 128, k: 16, itemM: 1, itemN: 8)

  /// For devices whose work-groups are small: 64 work-items.
  static let small = ProductTiles(m: 32, n: 32, k: 16, itemM: 4, itemN: 4)

  /// For simulators, where every work-item takes its time: 16 work-items, all loops run more than once.
  package static let tiny = ProductTiles(m: 8, n: 8, k: 4, itemM: 2, itemN: 2)

  /// Four warps of 32 x 32 sums; 31 kB of local memory. Larger tiles were no faster on an H200 but for the largest
  /// products.
  static let matrixUnits = ProductTiles(m: 64, n: 64, k: 16, itemM: 4, itemN: 8, usesMatrixUnits: true)

  /// Chosen by shape and type alone, so that the same product gives the same bits.
  static func fitting(m: Int, n: Int, batch: Int, _ elementType: ElementType) -> ProductTiles {
    if n <= 16 { return .narrow }
    if m <= 16 { return .flat }
    // In double the sums of an 8 x 8 item would spill from registers.
    let largeTiles = (m / large.m) * (n / large.n) * batch
    return elementType == .float32 && largeTiles >= 256 ? .large : .standard
  }
}

/// An operand of a tiled product as its kernel is built for it.
struct TiledOperand: Hashable {
  /// Whether neighbouring words lie along the depth of the product.
  let isAlongDepth: Bool
  /// How many words may be fetched at once: 1, 2 or 4.
  let vector: Int

  /// - Parameter distances: in elements; all that separates one fetch from another.
  init(isAlongDepth: Bool, distances: [Int]) {
    self.isAlongDepth = isAlongDepth
    vector = [4, 2].first { width in distances.allSatisfy { $0 % width == 0 } } ?? 1
  }

  /// A matrix, or each of a batch of them; `isAlongDepth`: whether its lines run along the depth.
  init(_ view: TensorView, _ operand: GemmPlan.Operand, isAlongDepth: Bool) {
    self.init(
      isAlongDepth: isAlongDepth, distances: [view.offset, operand.leadingDimension, operand.batchStride])
  }
}

/// The kernel of one product: what it is built from.
struct TiledKernel {
  let tiles: ProductTiles
  let a, b: TiledOperand
  let elementType: ElementType

  /// - Parameter name: a function of `plain`, which is multiplied by `fma.cl`, and of `onMatrixUnits`.
  func key(_ name: String, _ plain: KernelSource, _ onMatrixUnits: KernelSource) -> KernelKey {
    KernelKey(
      source: tiles.usesMatrixUnits ? onMatrixUnits : plain, function: name, isDouble: elementType == .float64,
      signature: numbers)
  }

  var defines: [String] { zip(Self.names, numbers).map { "#define \($0) \($1)" } }

  private static let names = [
    "TILE_M", "TILE_N", "TILE_K", "ITEM_M", "ITEM_N", "A_ALONG_DEPTH", "B_ALONG_DEPTH", "A_VECTOR", "B_VECTOR",
  ]
  private var numbers: [Int] {
    [
      tiles.m, tiles.n, tiles.k, tiles.itemM, tiles.itemN, a.isAlongDepth ? 1 : 0, b.isAlongDepth ? 1 : 0, aVector,
      bVector,
    ]
  }

  /// `fma.cl` fetches word by word.
  var aVector: Int { tiles.usesMatrixUnits ? a.vector : 1 }
  var bVector: Int { tiles.usesMatrixUnits ? b.vector : 1 }
}

extension OpenCLDevice {
  /// The kernel for a product of `m` rows and `n` columns: on matrix units where the device has them and this form of
  /// the kernel passes its self-test.
  func tiledKernel(m: Int, n: Int, batch: Int, a: TiledOperand, b: TiledOperand, _ elementType: ElementType)
    -> TiledKernel
  {
    if m > 16, n > 16, elementType == .float32, hasMatrixUnits {
      let kernel = TiledKernel(tiles: .matrixUnits, a: a, b: b, elementType: elementType)
      if isSound(kernel) { return kernel }
    }
    let preferred = forcedTiles ?? .fitting(m: m, n: n, batch: batch, elementType)
    return TiledKernel(
      tiles: preferred.groupSize <= groupSize ? preferred : .small, a: a, b: b, elementType: elementType)
  }

  /// Whether products run on matrix units: whether `matrixUnits.cl` builds here, which is tried at the first product.
  ///
  /// It holds inline PTX, which a device that only claims to be NVIDIA's may not take.
  package var hasMatrixUnits: Bool {
    // Capability 8.0 has TF32 and background copies.
    guard description.nvidiaCapability >= 80, forcedTiles == nil else { return false }
    if let known = submission.withLock({ $0.hasMatrixUnits }) { return known }
    let operand = TiledOperand(isAlongDepth: true, distances: [])
    let kernel = TiledKernel(tiles: .matrixUnits, a: operand, b: operand, elementType: .float32)
    let key = kernel.key("gemm", .gemm, .matrixUnitGemm)
    let builds = (try? programs.program(key.source.rawValue, source: source(key, kernel.defines))) != nil
    submission.withLock { $0.hasMatrixUnits = builds }
    return builds
  }

  /// Cuts a long product's depth into slices where the tiles of the result alone would leave most of a device idle.
  ///
  /// A function of the shape and of the largest allocation alone, so that the same product gives the same bits.
  func slicing(
    depth: Int, resultCount: Int, _ tiles: ProductTiles, tileCount: Int, _ elementType: ElementType
  ) -> (slices: Int, length: Int) {
    let shortest = 256
    let resultBytes = resultCount * elementType.byteCount
    let groups = tiles.usesMatrixUnits ? 512 : 256
    let most = Swift.min(groups / tileCount, depth / shortest, information.largestAllocation / resultBytes)
    guard most > 1 else { return (1, Swift.max(depth, 1)) }
    let length = ((depth + most - 1) / most + tiles.k - 1) / tiles.k * tiles.k
    return ((depth + length - 1) / length, length)
  }
}
