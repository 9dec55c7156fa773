import FileFormats
import Layers

/// A reference file and where it is replayed: moves its tensors to a device and back.
public struct ReferenceFile {
  public let contents: Safetensors
  public let elementType: ElementType
  public let device: any Device

  public init(_ contents: Safetensors, _ elementType: ElementType, on device: any Device) {
    self.contents = contents
    self.elementType = elementType
    self.device = device
  }

  /// Messages name the file by it.
  public var source: String { contents.source }

  /// `input/key` on the device.
  public func input(_ key: String) throws -> Tensor {
    let host = try contents.tensor("input/\(key)")
    return Tensor(host.doubles(), host.shape, elementType, on: device)
  }

  /// The triangles of `input/key`, whose last axis is 3, in row-major order.
  public func faces(_ key: String) throws -> [SIMD3<Int32>] {
    let values = try contents.tensor("input/\(key)").int32s()
    return stride(from: 0, to: values.count, by: 3).map { SIMD3(values[$0], values[$0 + 1], values[$0 + 2]) }
  }

  /// Fills a model's tensors from `param/`.
  public func loadParameters(into store: ParameterStore) throws {
    for item in store.declarations {
      let host = try contents.tensor("param/\(item.name)")
      guard host.shape == item.shape else {
        throw ComputeError(
          .data, what: "\(source): param/\(item.name) has shape \(host.shape), the network needs \(item.shape)",
          why: "the config describes another network", mend: "make the file with the reference program")
      }
      device.upload(host.doubles(), to: store.view(item.name))
    }
    for counter in store.counters.keys { store.counters[counter] = try contents.tensor("param/\(counter)").int64s()[0] }
  }

  /// A real view as the files store it: float32.
  public func stored(_ view: TensorView) throws -> HostTensor {
    HostTensor(try device.downloadDoubles(view).map { Float($0) }, shape: view.shape)
  }

  /// Every tensor of a model with its name.
  public func parameters(of store: ParameterStore) throws -> [(name: String, tensor: HostTensor)] {
    try store.declarations.map { ($0.name, try stored(store.view($0.name))) }
      + store.counters.sorted { $0.key < $1.key }.map { ($0.key, HostTensor([$0.value], shape: [])) }
  }

  /// The gradients that have arrived, by parameter.
  public func gradients(of store: ParameterStore) throws -> [(name: String, tensor: HostTensor)] {
    try store.declarations.filter { $0.role == .trainable }.compactMap { item in
      try store.slot(item.name).gradient.map { (item.name, try stored($0)) }
    }
  }
}
