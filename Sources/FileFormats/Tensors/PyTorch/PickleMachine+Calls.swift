import Compute

/// The names that a pickle of weights may use, and what stands for calling them.
extension PickleMachine {
  /// Types of storages by PyTorch's names.
  private static let storageTypes: [String: StoredType] = [
    "torch.DoubleStorage": .float64, "torch.FloatStorage": .float32, "torch.HalfStorage": .float16,
    "torch.BFloat16Storage": .bfloat16, "torch.LongStorage": .int64, "torch.IntStorage": .int32,
    "torch.ShortStorage": .int16, "torch.ByteStorage": .uint8, "torch.BoolStorage": .uint8,
  ]

  private static let functions: Set = [
    "collections.OrderedDict", "torch.Size", "torch._utils._rebuild_parameter", "torch._utils._rebuild_tensor_v2",
    "torch.device",
  ]

  /// A name, if it is one of those above.
  func known(_ name: String) throws -> String {
    guard Self.functions.contains(name) || Self.storageTypes[name] != nil else {
      let isStorage = name.hasPrefix("torch.") && name.hasSuffix("Storage")
      throw ComputeError(
        .data, what: "\(source): it holds \(name)",
        why: isStorage
          ? "numbers of this type are not read"
          : "only tensors, numbers, text and collections of them are taken out of a PyTorch file; nothing in it is run",
        mend: isStorage
          ? "convert the tensor before saving, for instance with .float()"
          : "if you trust the file, load it in Python and save the weights alone: "
            + "torch.save(model.state_dict(), \"weights.pth\")")
    }
    return name
  }

  /// What a call of a known function gives.
  mutating func result(of name: String, _ arguments: [PickleHeap.Reference]) throws -> PickleHeap.Object {
    switch name {
    case "collections.OrderedDict": return .dictionary(try members(arguments))
    case "torch.Size":
      guard arguments.count == 1, case .tuple = heap[arguments[0]] else { throw malformed("a torch.Size is no tuple") }
      return heap[arguments[0]]
    case "torch.device": return .other(name)
    case "torch._utils._rebuild_tensor_v2": return .tensor(try tensor(arguments))
    case "torch._utils._rebuild_parameter":
      guard let first = arguments.first, case .tensor = heap[first] else { throw malformed("a parameter is no tensor") }
      return heap[first]
    default: throw malformed("it calls \(name), a type of numbers")
    }
  }

  /// Pairs of keys and values, as Python 2 writes an `OrderedDict`; later versions give none and set items.
  private func members(
    _ arguments: [PickleHeap.Reference]
  ) throws -> [(key: PickleHeap.Reference, value: PickleHeap.Reference)] {
    guard let argument = arguments.first else { return [] }
    guard arguments.count == 1, case .list(let pairs) = heap[argument] else {
      throw malformed("an OrderedDict is made of something that is no list")
    }
    return try pairs.map { pair in
      switch heap[pair] {
      case .list(let pair) where pair.count == 2, .tuple(let pair) where pair.count == 2: return (pair[0], pair[1])
      default: throw malformed("an OrderedDict is made of something that is no pair")
      }
    }
  }

  /// `('storage', type, key, device, count)`: a name of an entry of the archive.
  func storage(_ identifier: PickleHeap.Reference) throws -> PickleHeap.Storage {
    guard let parts = heap.tuple(identifier), parts.count == 5, heap.string(parts[0]) == "storage",
      case .global(let name) = heap[parts[1]], let type = Self.storageTypes[name], let key = heap.string(parts[2]),
      let count = heap.integer(parts[4]), count >= 0, !count.multipliedReportingOverflow(by: type.byteCount).overflow
    else { throw malformed("a storage is not named by its type, key and count") }
    return PickleHeap.Storage(key: key, type: type, count: count)
  }

  /// `(storage, offset, shape, strides, ...)`; gradients and hooks are left out.
  private func tensor(_ arguments: [PickleHeap.Reference]) throws -> PickleHeap.Tensor {
    guard arguments.count >= 4, case .storage(let storage) = heap[arguments[0]],
      let offset = heap.integer(arguments[1]), let shape = heap.integers(arguments[2]),
      let strides = heap.integers(arguments[3]), shape.count == strides.count, shape.count <= 64, offset >= 0,
      shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 })
    else { throw malformed("a tensor is not described by its storage, offset, shape and strides") }
    guard Self.fits(shape, strides, offset, in: storage.count, type: storage.type) else {
      throw malformed(
        "a tensor of shape \(shape), strides \(strides) and offset \(offset) reaches out of its \(storage.count) numbers"
      )
    }
    return PickleHeap.Tensor(storage: storage, offset: offset, shape: shape, strides: strides)
  }

  /// Whether the last element lies inside the storage, and the tensor's size in bytes is a number at all.
  private static func fits(_ shape: [Int], _ strides: [Int], _ offset: Int, in count: Int, type: StoredType) -> Bool {
    var (last, size) = (offset, type.byteCount)
    // A length of 0 makes the tensor empty; the others' product must be a number all the same.
    for (length, stride) in zip(shape, strides) where length > 0 {
      let (reach, far) = (length - 1).multipliedReportingOverflow(by: stride)
      let (sum, beyond) = last.addingReportingOverflow(reach)
      let (product, huge) = size.multipliedReportingOverflow(by: length)
      guard !far, !beyond, !huge else { return false }
      (last, size) = (sum, product)
    }
    return shape.contains(0) || last < count
  }
}
