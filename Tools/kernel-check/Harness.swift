import Compute
import OpenCLBackend

/// Runs members of a device on small awkward shapes and counts what differs from plain loops on the host.
struct Harness {
  /// The same device, with its products cut in the usual tiles, in tiny ones and in the largest.
  struct Devices {
    let usual, tinyTiles, largeTiles: OpenCLDevice
  }

  let devices: Devices
  /// The one that checks run on.
  var device: OpenCLDevice
  let elementType: ElementType
  private(set) var failures = 0
  private(set) var checks = 0
  private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

  init(_ devices: Devices, _ elementType: ElementType) {
    self.devices = devices
    device = devices.usual
    self.elementType = elementType
  }

  /// Everything that was uploaded. oclgrind 21.10 forgets what it knew of a whole buffer when the host writes a part of
  /// it, so a pooled buffer that once took an upload must not come back as an operation's result. (The self-test of products
  /// uploads whole blocks for the same reason.)
  private let kept = Kept()

  func keep<Object: AnyObject>(_ object: Object) -> Object {
    kept.objects.append(object)
    return object
  }

  /// Numbers in -1...1 that both real types hold exactly.
  mutating func numbers(_ count: Int) -> [Double] {
    (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / 0x1p23 - 1
    }
  }

  func upload(_ values: [Double], _ shape: [Int]) -> TensorView {
    let view = device.allocate(elementType, shape)
    device.upload(values, to: view)
    return keeping(view)
  }

  func upload(_ values: [Int32], _ shape: [Int]) -> TensorView { keeping(device.upload(values, shape)) }

  private func keeping(_ view: TensorView) -> TensorView {
    _ = keep(view.buffer)
    return view
  }

  /// An output: a slice of a larger buffer whose other elements must stay what they were.
  func canaried(_ shape: [Int], filledWith value: Double = .nan) -> TensorView {
    var outer = shape
    outer[0] += 2
    outer[shape.count - 1] += shape.count > 1 ? 3 : 0
    let whole = device.allocate(elementType, outer)
    device.fill(whole, with: 77)
    var view = whole.sliced(axis: 0, 1..<shape[0] + 1)
    if shape.count > 1 { view = view.sliced(axis: shape.count - 1, 1..<shape[shape.count - 1] + 1) }
    if !value.isNaN { device.fill(view, with: value) }
    return view
  }

  /// Compares a result, and the canaries around it.
  mutating func expect(_ name: String, _ view: TensorView, _ expected: [Double], tolerance: Double = 64) {
    checks += 1
    do {
      let found = try device.downloadDoubles(view)
      let limit = tolerance * elementType.epsilon
      for (index, (value, want)) in zip(found, expected).enumerated()
      where !(abs(value - want) <= limit * max(1, abs(want))) && value != want {
        return fail(name, "element \(index) is \(value), not \(want)")
      }
      if found.count != expected.count { return fail(name, "\(found.count) elements, not \(expected.count)") }
      let buffer = TensorView(
        buffer: view.buffer, elementType: elementType, shape: [view.buffer.byteCount / elementType.byteCount])
      guard buffer.elementCount != view.elementCount else { return }
      let canaries = try device.downloadDoubles(buffer).count { $0 == 77 }
      if canaries != buffer.elementCount - view.elementCount { fail(name, "a canary was overwritten") }
    } catch {
      fail(name, "\(error)")
    }
  }

  mutating func expect(_ name: String, _ view: TensorView, _ expected: [Int32]) {
    checks += 1
    do {
      let found = try device.download(view, as: Int32.self)
      if found != expected { fail(name, "\(found), not \(expected)") }
    } catch {
      fail(name, "\(error)")
    }
  }

  private mutating func fail(_ name: String, _ reason: String) {
    failures += 1
    print("FAILED \(name) (\(elementType)): \(reason)")
  }
}

private final class Kept {
  var objects: [AnyObject] = []
}
