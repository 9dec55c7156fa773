import CPUBackend
import Compute
import TestSupport
import Testing

/// The same calls give the same bits: on every device from run to run, on the CPU for any number of threads.
struct DeterminismTests {
  @Test(arguments: Devices.underTest)
  func theSameCallsGiveTheSameBits(device: TestDevice) throws {
    let first = try results(device.device, device.elementType)
    for _ in 0..<3 { #expect(try results(device.device, device.elementType) == first) }
  }

  @Test(arguments: [ElementType.float32, .float64])
  func theNumberOfThreadsChangesNoBit(type: ElementType) throws {
    let one = try results(CPUDevice(threads: 1), type)
    for threads in [2, 3] { #expect(try results(CPUDevice(threads: threads), type) == one, "\(threads) threads") }
  }

  /// The bit patterns of results that sum many terms.
  private func results(_ device: any Device, _ type: ElementType) throws -> [[UInt64]] {
    var random = RandomSource(seed: 101)
    func upload(_ shape: [Int]) -> TensorView {
      let view = device.allocate(type, shape)
      device.upload(random.signed(shape.reduce(1, *)), to: view)
      return view
    }
    let x = upload([4, 517, 33])
    let (weights, b) = (upload([517]), upload([33, 65]))
    func output(_ shape: [Int]) -> TensorView { device.allocate(type, shape) }
    let sums = [[1, 1, 1], [1, 1, 33], [4, 1, 33], [4, 517, 1]].map { output($0) }
    for sum in sums {
      device.reduce(.sum, .identity, [x], scalars: [], domain: x.shape, into: [sum])
    }
    let (mean, variance) = (output([33]), output([33]))
    device.moments(x, weights: weights, mean: mean, variance: variance)
    let logs = output([4, 517, 1])
    device.logSumExp(x, into: logs)
    let product = output([4 * 517, 65])
    device.gemm(x.reshaped([4 * 517, 33]), b, into: product)
    let gram = output([4, 33, 33])
    device.gemm(x.transposed, x, into: gram)
    let sparse = SparseMatrix(random.sparse(300, 517, density: 0.05), type, on: device)
    let laplacian = output([4, 300, 33])
    device.spmm(sparse, x, into: laplacian)
    let scattered = output([4, 7, 33])
    device.scatterAdd(x, RowIndex((0..<517).map { Int32($0 % 7) }, sourceRows: 7, on: device), into: scattered, beta: 0)
    let triplet = Triplet(
      anchor: x.sliced(axis: 1, 0..<515), positive: x.sliced(axis: 1, 1..<516), negative: x.sliced(axis: 1, 2..<517),
      splitAt: [20])
    let (distances, difference) = (output([2] + triplet.perPoint), output(triplet.perPoint))
    device.tripletDistance(triplet, distances: distances, difference: difference)
    let pulled = output([4, 515, 33])
    device.tripletGradient(
      triplet, distances: distances, upstream: difference, anchor: Accumulator(pulled, beta: 0), positive: nil,
      negative: nil)
    let window = Window(size: 3, stride: 2, padding: 1)
    let (pictures, weight) = (x.reshaped([4, 47, 11, 33]), upload([20, 33, 3, 3]))
    let (convolved, dPictures, dWeight) = (output([4, 24, 6, 20]), output(pictures.shape), output(weight.shape))
    device.convolution2D(pictures, weight, into: convolved, window: window, epilogue: nil)
    device.convolution2DDataGradient(convolved, weight, into: dPictures, window: window, beta: 0)
    device.convolution2DFilterGradient(pictures, convolved, into: dWeight, window: window, beta: 0)
    let (pooled, spread) = (output([4, 24, 6, 33]), output(pictures.shape))
    let choice = device.allocate(.uint8, pooled.shape)
    device.maximumPool2D(pictures, into: pooled, choice: choice, window: window)
    device.maximumPool2DGradient(pooled, choice: choice, into: spread, window: window, beta: 0)
    device.averagePool2DGradient(pooled, into: spread, window: window, beta: 1)
    return try
      (sums + [mean, variance, logs, product, gram, laplacian, scattered, difference, pulled]
      + [convolved, dPictures, dWeight, pooled, spread]).map {
        try device.downloadDoubles($0).map(\.bitPattern)
      }
  }
}
