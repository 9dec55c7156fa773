import Compute
import Foundation
import TestSupport
import Testing

@testable import OpenCLBackend

/// What is particular to the OpenCL backend. With no driver installed only the first two tests have work.
struct OpenCLSmokeTests {
  static let devices = OpenCLDevice.available()

  @Test func aMissingDeviceSaysWhatToInstall() {
    let missing = Self.devices.count + 3
    do {
      _ = try OpenCLDevice(index: missing)
      Issue.record("device \(missing) does not exist")
    } catch let error as ComputeError {
      #expect(error.kind == .unavailable || error.kind == .permission)
      #expect(!error.what.isEmpty && !error.why.isEmpty && !error.mend.isEmpty)
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func theDiagnosisNamesEveryDevice() {
    let diagnosis = OpenCLDevice.diagnose()
    #expect(diagnosis.devices.map(\.name) == Self.devices.map(\.name))
    #expect(Self.devices.isEmpty == diagnosis.findings.contains { $0.what.hasPrefix("no OpenCL d") })
  }

  @Test(arguments: devices.indices)
  func aDamagedOrUnwritableCacheCostsOnlyTime(index: Int) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cache-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    func fillAndRead() throws -> [Float] {
      let device = try OpenCLDevice(index: index, cacheDirectory: folder)
      let view = device.allocate(.float32, [5])
      device.fill(view, with: 2.5)
      return try device.download(view, as: Float.self)
    }
    let expected = [Float](repeating: 2.5, count: 5)
    #expect(try fillAndRead() == expected)
    let kernels = folder.appendingPathComponent("kernels")
    let files = try FileManager.default.contentsOfDirectory(at: kernels, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    #expect(try fillAndRead() == expected)
    for file in files {
      var bytes = try Data(contentsOf: file)
      bytes[bytes.count - 1] ^= 0xFF
      try bytes.write(to: file)
    }
    #expect(try fillAndRead() == expected)
    for file in files { try Data().write(to: file) }
    #expect(try fillAndRead() == expected)
    try FileManager.default.removeItem(at: folder)
    try Data("not a folder".utf8).write(to: folder)
    #expect(try fillAndRead() == expected)
  }

  @Test(arguments: devices.indices)
  func anAllocationBeyondTheLimitIsAFaultThatOneWaitThrows(index: Int) throws {
    let device = try OpenCLDevice(index: index, largestAllocation: 1 << 16)
    let view = device.allocate(.float32, [1 << 20])
    #expect(view.shape == [1 << 20])
    #expect(device.fault?.kind == .system)
    device.fill(view, with: 1)
    #expect(throws: ComputeError.self) { try device.synchronize() }
    try device.synchronize()
    #expect(device.fault == nil)
  }

  /// A producer fills batches over the data stream while the compute stream uses the ones before.
  @Test(arguments: devices.indices)
  func streamsHandOverThroughEvents(index: Int) throws {
    let device = try OpenCLDevice(index: index)
    let total = device.allocate(.float32, [1])
    device.fill(total, with: 0)
    let add = ElementwiseProgram("add", inputs: 2) { x, _ in [x[0] + x[1]] }
    let sum = device.allocate(.float32, [1])
    for round in 1...20 {
      let batch = device.upload([Float](repeating: Float(round), count: 1000), [1000], on: .data)
      device.wait(for: device.recordEvent(on: .data), on: .compute)
      device.reduce(.sum, .identity, [batch], scalars: [], domain: [1000], into: [sum])
      device.map(add, [total, sum], into: [total])
    }
    #expect(try device.download(total, as: Float.self) == [210_000])
  }

  /// CLBlast is the second choice where its tuning knows the device; it must agree with our own kernel everywhere.
  @Test(arguments: devices.indices, [ElementType.float32, .float64])
  func bothProductsAgree(index: Int, type: ElementType) throws {
    let device = try OpenCLDevice(index: index)
    guard type == .float32 || device.information.supportsDouble else { return }
    let (m, n, k) = (70, 67, 33)
    func operand(_ rows: Int, _ columns: Int) -> TensorView {
      let view = device.allocate(type, [rows, columns])
      device.upload((0..<rows * columns).map { Double($0 * 7 % 11) - 5 }, to: view)
      return view
    }
    for isTransposed in [false, true] {
      let a = isTransposed ? operand(k, m).transposed : operand(m, k)
      let b = isTransposed ? operand(n, k).transposed : operand(k, n)
      let (tiled, blas) = (operand(m, n), operand(m, n))
      let plan = try GemmPlan(a, b, into: tiled)
      device.tiledGemm(
        plan, a, b, into: tiled, alpha: 2, beta: -1, epilogue: nil, kernel(.standard, plan, a, b))
      #expect(device.blasGemm(plan, a, b, into: blas, alpha: 2, beta: -1))
      // Whole numbers below 2^24 are exact in either order of summation.
      let (ours, theirs) = (try device.downloadDoubles(tiled), try device.downloadDoubles(blas))
      #expect(ours == theirs)
    }
  }

  /// Matrix units split their operands: long sums must come out no worse than by multiply and add.
  @Test(arguments: devices.indices)
  func matrixUnitsAreAsExact(index: Int) throws {
    let device = try OpenCLDevice(index: index)
    guard device.hasMatrixUnits else { return }
    // So many tiles that no sum is cut into slices.
    let (m, n, k) = (1024, 1088, 4096)
    var random = RandomSource(seed: 1)
    func operand(_ shape: [Int]) -> (view: TensorView, values: [Float]) {
      let values = (0..<shape[0] * shape[1]).map { _ in Float(random.signed()) }
      return (device.upload(values, shape), values)
    }
    let (a, b) = (operand([m, k]), operand([k, n]))
    func error(_ tiles: ProductTiles) throws -> Double {
      let c = device.allocate(.float32, [m, n])
      let plan = try GemmPlan(a.view, b.view, into: c)
      device.tiledGemm(
        plan, a.view, b.view, into: c, alpha: 1, beta: 0, epilogue: nil, kernel(tiles, plan, a.view, b.view))
      let found = try device.download(c, as: Float.self)
      var squares = 0.0
      for (row, column) in (0..<500).map({ ($0 * 89 % m, $0 * 211 % n) }) {
        let exact = (0..<k).reduce(0.0) { $0 + Double(a.values[row * k + $1]) * Double(b.values[$1 * n + column]) }
        squares += (Double(found[row * n + column]) - exact) * (Double(found[row * n + column]) - exact)
      }
      return squares
    }
    let (units, usual) = (try error(.matrixUnits), try error(.standard))
    #expect(units <= usual)
  }

  private func kernel(_ tiles: ProductTiles, _ plan: GemmPlan, _ a: TensorView, _ b: TensorView) -> TiledKernel {
    TiledKernel(
      tiles: tiles, a: TiledOperand(a, plan.a, isAlongDepth: !plan.a.isTransposed),
      b: TiledOperand(b, plan.b, isAlongDepth: plan.b.isTransposed), elementType: a.elementType)
  }

  /// Several threads enqueue at once; every result is its own.
  @Test(arguments: devices.indices)
  func threadsShareADevice(index: Int) async throws {
    let device = try OpenCLDevice(index: index)
    let double = ElementwiseProgram("double", inputs: 1, scalars: 1) { x, s in [x[0] * s[0]] }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 1...4 {
        group.addTask {
          let x = device.upload([Float](repeating: Float(task), count: 333), [333])
          let y = device.allocate(.float32, [333])
          for round in 1...20 {
            device.map(double, [x], scalars: [Double(round)], into: [y])
            let expected = [Float](repeating: Float(task * round), count: 333)
            let found = try device.download(y, as: Float.self)
            #expect(found == expected)
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
