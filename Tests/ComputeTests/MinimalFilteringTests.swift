import CPUBackend
import Compute
import TestSupport
import Testing

/// Convolutions of so many channels and pixels that the CPU filters tiles of 2 x 2 results, a few blocks of them.
struct MinimalFilteringTests {
  private static let (pictures, outputs) = ([4, 33, 38, 64], 66)
  private static let window = Window(size: 3, padding: 1)
  private var results: [Int] { Self.pictures.dropLast() + [Self.outputs] }
  private var weights: [Int] { [Self.outputs, Self.pictures[3], 3, 3] }

  @Test(arguments: Devices.underTest)
  func agreesWithTheComposition(device: TestDevice) throws {
    let beta = -0.5
    var random = RandomSource(seed: 171)
    let (x, weight, dy) = (random.tensor(Self.pictures), random.tensor(weights), random.tensor(results))
    let old = (dx: random.tensor(Self.pictures), dWeight: random.tensor(weights))
    let compute = device.device
    func run(_ convert: (HostTensor) -> HostTensor, beta: Double, isComposed: Bool) throws -> [[Double]] {
      let (x, weight, dy) = (device.input(convert(x)), device.input(convert(weight)), device.input(convert(dy)))
      let y = device.output(self.results)
      let dx = device.output(old.dx.shape, initially: beta == 0 ? nil : convert(old.dx))
      let dWeight = device.output(old.dWeight.shape, initially: beta == 0 ? nil : convert(old.dWeight))
      let window = Self.window
      if isComposed {
        compute.composedConvolution2D(x, weight, into: y.view, window: window, epilogue: nil)
        compute.composedConvolution2DDataGradient(dy, weight, into: dx.view, window: window, beta: beta)
        compute.composedConvolution2DFilterGradient(x, dy, into: dWeight.view, window: window, beta: beta)
      } else {
        compute.convolution2D(x, weight, into: y.view, window: window, epilogue: nil)
        compute.convolution2DDataGradient(dy, weight, into: dx.view, window: window, beta: beta)
        compute.convolution2DFilterGradient(x, dy, into: dWeight.view, window: window, beta: beta)
      }
      return try [y, dx, dWeight].map { try $0.values() }
    }
    let fused = try run({ $0 }, beta: beta, isComposed: false)
    let composed = try run({ $0 }, beta: beta, isComposed: true)
    let magnitudes = try run(
      { HostTensor($0.shape, $0.values.map { abs($0) }) }, beta: abs(beta), isComposed: true)
    for (name, k) in [("y", 0), ("dx", 1), ("dWeight", 2)] {
      let allowed = magnitudes[k].map { 2 * device.elementType.sumTolerance * $0 }
      expectNone(mismatch(fused[k], composed[k], allowed: allowed), name)
    }
  }

  /// The residual may be what the result overwrites.
  @Test(arguments: Devices.underTest, [false, true])
  func epilogues(device: TestDevice, isOverResidual: Bool) throws {
    var random = RandomSource(seed: 172)
    let (x, weight) = (device.input(random.tensor(Self.pictures)), device.input(random.tensor(weights)))
    let (scale, bias) = (device.input(random.tensor([Self.outputs])), device.input(random.tensor([Self.outputs])))
    let residual = random.tensor(results)
    func result(_ convolve: (TensorView, ConvolutionEpilogue) -> Void) throws -> [Double] {
      let y = device.output(results, initially: isOverResidual ? residual : nil)
      convolve(
        y.view,
        ConvolutionEpilogue(
          scale: scale, bias: bias, residual: isOverResidual ? y.view : device.input(residual), activation: .relu))
      return try y.values()
    }
    let fused = try result { device.device.convolution2D(x, weight, into: $0, window: Self.window, epilogue: $1) }
    let composed = try result {
      device.device.composedConvolution2D(x, weight, into: $0, window: Self.window, epilogue: $1)
    }
    // Sums of 576 terms of at most 1, and of what follows them.
    let allowed = [Double](repeating: 600 * device.elementType.sumTolerance, count: fused.count)
    expectNone(mismatch(fused, composed, allowed: allowed), "residual over y: \(isOverResidual)")
  }

  /// A NaN reaches every window that it lies under, and at most the rest of their tiles.
  @Test(arguments: Devices.underTest)
  func aNaNIsNeverLost(device: TestDevice) throws {
    var random = RandomSource(seed: 173)
    var x = random.tensor(Self.pictures)
    x.values[((1 * 33 + 8) * 38 + 11) * 64 + 5] = .nan
    let y = device.output(results)
    device.device.convolution2D(
      device.input(x), device.input(random.tensor(weights)), into: y.view, window: Self.window, epilogue: nil)
    let isNaN = try y.values().map(\.isNaN)
    let pixels = indices(of: results.dropLast()).enumerated().filter { isNaN[$0.offset * Self.outputs] }.map(\.element)
    let windows = indices(of: [3, 3]).map { [1, $0[0] + 7, $0[1] + 10] }
    #expect(windows.allSatisfy(pixels.contains))
    #expect(pixels.allSatisfy { $0[0] == 1 && (6...9).contains($0[1]) && (10...13).contains($0[2]) })
  }

  @Test(arguments: [ElementType.float32, .float64])
  func theNumberOfThreadsChangesNoBit(type: ElementType) throws {
    func results(_ threads: Int) throws -> [[Double]] {
      let device = CPUDevice(threads: threads)
      var random = RandomSource(seed: 174)
      func upload(_ shape: [Int]) -> TensorView {
        let view = device.allocate(type, shape)
        device.upload(random.signed(shape.reduce(1, *)), to: view)
        return view
      }
      let (x, weight, dy) = (upload(Self.pictures), upload(weights), upload(self.results))
      let (y, dx, dWeight) = (
        device.allocate(type, self.results), device.allocate(type, Self.pictures), device.allocate(type, weights)
      )
      device.convolution2D(x, weight, into: y, window: Self.window, epilogue: nil)
      device.convolution2DDataGradient(dy, weight, into: dx, window: Self.window, beta: 0)
      device.convolution2DFilterGradient(x, dy, into: dWeight, window: Self.window, beta: 0)
      return try [y, dx, dWeight].map { try device.downloadDoubles($0) }
    }
    let one = try results(1)
    for threads in [2, 3] { #expect(try results(threads) == one, "\(threads) threads") }
  }
}
