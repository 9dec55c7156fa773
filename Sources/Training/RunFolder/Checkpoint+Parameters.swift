import Compute
import FileFormats
import Layers

extension CheckpointContract {
  /// Every tensor and counter of a model's parameters.
  public init(identity: [String: String], parameters: ParameterStore) {
    var tensors: [String: TensorForm] = [:]
    for item in parameters.declarations { tensors[item.name] = TensorForm(parameters.elementType, item.shape) }
    for name in parameters.counters.keys { tensors[name] = TensorForm(.int64, []) }
    self.init(identity: identity, tensors: tensors)
  }
}

extension Safetensors {
  /// Parameters, running statistics and counters under their own names.
  public init(_ parameters: ParameterStore, identity: [String: String]) throws {
    self.init()
    for (key, value) in identity.sorted(by: { $0.key < $1.key }) { metadata[key] = value }
    for item in parameters.declarations {
      tensors[item.name] = try HostTensor(downloading: parameters.view(item.name), from: parameters.device)
    }
    for (name, count) in parameters.counters.sorted(by: { $0.key < $1.key }) {
      tensors[name] = HostTensor([count], shape: [])
    }
  }

  /// Uploads parameters, running statistics and counters, after checking that they fit.
  ///
  /// - Throws: `.configuration` that lists what differs; nothing is uploaded then.
  public func load(into parameters: ParameterStore, identity: [String: String]) throws {
    try CheckpointContract(identity: identity, parameters: parameters).validate(self)
    for item in parameters.declarations {
      try tensor(item.name).upload(to: parameters.view(item.name), on: parameters.device)
    }
    for name in parameters.counters.keys { parameters.counters[name] = try tensor(name).int64s()[0] }
  }
}

extension HostTensor {
  /// A copy of a real view in its own element type.
  public init(downloading view: TensorView, from device: any Device) throws {
    if view.elementType == .float64 {
      self.init(try device.download(view, as: Double.self), shape: view.shape)
    } else {
      self.init(try device.download(view, as: Float.self), shape: view.shape)
    }
  }

  /// Fills a contiguous real view, converting to its element type.
  public func upload(to view: TensorView, on device: any Device) {
    if view.elementType == .float64 {
      device.upload(doubles(), to: view)
    } else {
      device.upload(floats(), to: view)
    }
  }
}
