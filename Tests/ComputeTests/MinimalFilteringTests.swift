import CPUBackend
import Compute
import Synchronization
import TestSupport
import Testing

/// Convolutions of so many channels and pixels that the CPU filters tiles of 2 x 2 results.
struct MinimalFilteringTests {
  /// What a convolution is between, with shapes that take the CPU's tiles.
  struct Example: Sendable, CustomStringConvertible {
    let pictures: [Int]
    let outputs: Int
    let padding: Int

    var window: Window { Window(size: 3, padding: padding) }
    var weights: [Int] { [outputs, pictures[3], 3, 3] }
    var results: [Int] { window.output(pictures) + [outputs] }
    var description: String { "\(pictures) to \(outputs), padding \(padding)" }
  }

  /// Several blocks of unequal size in double; parts of products along every side, lines of one result, and channels that
  /// are transformed in two goes; a result of nothing, whose pictures have tiles; a padding that widens.
  static let examples = [
    Example(pictures: [3, 33, 41, 64], outputs: 66, padding: 1),
    Example(pictures: [1, 3, 262, 136], outputs: 264, padding: 0),
    Example(pictures: [1, 2, 260, 72], outputs: 64, padding: 0),
    Example(pictures: [5, 9, 8, 65], outputs: 67, padding: 2),
  ]
  private let example = examples[0]

  @Test(arguments: Devices.underTest, examples)
  func agreesWithTheComposition(device: TestDevice, example: Example) throws {
    let beta = -0.5
    var random = RandomSource(seed: 171)
    let (x, weight, dy) = (
      random.tensor(example.pictures), random.tensor(example.weights), random.tensor(example.results)
    )
    let old = (dx: random.tensor(example.pictures), dWeight: random.tensor(example.weights))
    let (compute, window) = (device.device, example.window)
    func run(_ convert: (HostTensor) -> HostTensor, beta: Double, isComposed: Bool) throws -> [[Double]] {
      let (x, weight, dy) = (device.input(convert(x)), device.input(convert(weight)), device.input(convert(dy)))
      let y = device.output(example.results)
      let dx = device.output(old.dx.shape, initially: convert(old.dx))
      let dWeight = device.output(old.dWeight.shape, initially: convert(old.dWeight))
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
      let allowed = magnitudes[k].map { device.elementType.sumTolerance * $0 }
      expectNone(mismatch(fused[k], composed[k], allowed: allowed), name)
    }
  }

  /// The residual may be what the result overwrites.
  @Test(arguments: Devices.underTest, [false, true])
  func epilogues(device: TestDevice, isOverResidual: Bool) throws {
    var random = RandomSource(seed: 172)
    let (x, weight) = (device.input(random.tensor(example.pictures)), device.input(random.tensor(example.weights)))
    let (scale, bias) = (device.input(random.tensor([66])), device.input(random.tensor([66])))
    let residual = random.tensor(example.results)
    func result(_ convolve: (TensorView, ConvolutionEpilogue) -> Void) throws -> [Double] {
      let y = device.output(example.results, initially: isOverResidual ? residual : nil)
      convolve(
        y.view,
        ConvolutionEpilogue(
          scale: scale, bias: bias, residual: isOverResidual ? y.view : device.input(residual), activation: .relu))
      return try y.values()
    }
    let fused = try result { device.device.convolution2D(x, weight, into: $0, window: example.window, epilogue: $1) }
    let composed = try result {
      device.device.composedConvolution2D(x, weight, into: $0, window: example.window, epilogue: $1)
    }
    // Sums of 576 terms of at most 1, whose roundings are of either sign.
    let allowed = [Double](repeating: 100 * device.elementType.sumTolerance, count: fused.count)
    expectNone(mismatch(fused, composed, allowed: allowed), "residual over y: \(isOverResidual)")
  }

  /// A NaN reaches the windows that it lies under, and no others; every weight that meets it is NaN.
  @Test(arguments: Devices.underTest)
  func aNaNStaysUnderItsWindows(device: TestDevice) throws {
    var random = RandomSource(seed: 173)
    var (x, dy) = (random.tensor(example.pictures), random.tensor(example.results))
    let weight = device.input(random.tensor(example.weights))
    x.values[((1 * 33 + 8) * 41 + 11) * 64 + 5] = .nan
    dy.values[((2 * 33 + 21) * 41 + 0) * 66 + 7] = .nan
    let (y, dx) = (device.output(example.results), device.output(example.pictures))
    let dWeight = device.output(example.weights)
    let compute = device.device
    compute.convolution2D(device.input(x), weight, into: y.view, window: example.window, epilogue: nil)
    compute.convolution2DDataGradient(device.input(dy), weight, into: dx.view, window: example.window, beta: 0)
    compute.convolution2DFilterGradient(
      device.input(x), device.input(dy), into: dWeight.view, window: example.window, beta: 0)
    func pixels(_ values: [Double], channels: Int) -> [[Int]] {
      indices(of: [3, 33, 41]).enumerated().filter { at in values[at.offset * channels].isNaN }.map(\.element)
    }
    #expect(pixels(try y.values(), channels: 66) == indices(of: [3, 3]).map { [1, $0[0] + 7, $0[1] + 10] })
    #expect(pixels(try dx.values(), channels: 64) == indices(of: [3, 2]).map { [2, $0[0] + 20, $0[1]] })
    let isNaN = try dWeight.values().map(\.isNaN)
    #expect((0..<66).allSatisfy { output in (0..<9).allSatisfy { isNaN[(output * 64 + 5) * 9 + $0] } })
    #expect((0..<64).allSatisfy { isNaN[(7 * 64 + $0) * 9 + 4] })
    #expect(!isNaN[0])
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
      let (x, weight, dy) = (upload(example.pictures), upload(example.weights), upload(example.results))
      let (y, dx, dWeight) = (
        device.allocate(type, example.results), device.allocate(type, example.pictures),
        device.allocate(type, example.weights)
      )
      device.convolution2D(x, weight, into: y, window: example.window, epilogue: nil)
      device.convolution2DDataGradient(dy, weight, into: dx, window: example.window, beta: 0)
      device.convolution2DFilterGradient(x, dy, into: dWeight, window: example.window, beta: 0)
      return try [y, dx, dWeight].map { try device.downloadDoubles($0) }
    }
    let one = try results(1)
    for threads in [2, 3] { #expect(try results(threads) == one, "\(threads) threads") }
  }

  /// The examples do take the CPU's tiles.
  @Test func theCPUTakesTiles() throws {
    final class Recorder: Profiler {
      let names = Mutex<[String]>([])
      func record(_ launch: LaunchRecord) { names.withLock { $0.append(launch.name) } }
    }
    let (device, recorder) = (CPUDevice(), Recorder())
    device.profiler = recorder
    func view(_ shape: [Int]) -> TensorView { device.allocate(.float32, shape) }
    let (x, weight, y) = (view(example.pictures), view(example.weights), view(example.results))
    device.convolution2D(x, weight, into: y, window: example.window, epilogue: nil)
    device.convolution2DDataGradient(y, weight, into: x, window: example.window, beta: 0)
    device.convolution2DFilterGradient(x, y, into: weight, window: example.window, beta: 0)
    #expect(
      recorder.names.withLock { $0 } == [
        "convolution2D.tiles", "convolution2D.data.tiles", "convolution2D.filter.tiles",
      ])
  }
}
