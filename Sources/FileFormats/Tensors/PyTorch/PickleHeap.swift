/// The objects that a pickle builds, named by number, so that neither cycles nor deep nesting can hurt.
struct PickleHeap {
  /// A number of an object.
  typealias Reference = Int

  enum Object {
    case none
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case string(String)
    /// "collections.OrderedDict": a name, nothing that could be called.
    case global(String)
    case tuple([Reference])
    case list([Reference])
    /// Keys and values as they came; a later key takes the place of an equal earlier one.
    case dictionary([(key: Reference, value: Reference)])
    indirect case storage(Storage)
    indirect case tensor(Tensor)
    /// Something harmless whose value does not matter, as the device a tensor was on.
    case other(String)
  }

  /// Where numbers lie: an entry of the archive.
  struct Storage {
    let key: String
    let type: StoredType
    let count: Int
  }

  /// A view of a storage. It lies inside: the machine has checked that.
  struct Tensor {
    let storage: Storage
    /// In elements.
    let offset: Int
    let shape: [Int]
    /// In elements.
    let strides: [Int]

    var isContiguous: Bool {
      var expected = 1
      for (length, stride) in zip(shape, strides).reversed() {
        if length != 1 && stride != expected { return false }
        expected *= length
      }
      return true
    }
  }

  private(set) var objects: [Object] = []

  subscript(reference: Reference) -> Object {
    get { objects[reference] }
    set { objects[reference] = newValue }
  }

  mutating func add(_ object: Object) -> Reference {
    objects.append(object)
    return objects.count - 1
  }

  func string(_ reference: Reference) -> String? {
    if case .string(let value) = objects[reference] { value } else { nil }
  }

  func integer(_ reference: Reference) -> Int? {
    if case .integer(let value) = objects[reference] { value } else { nil }
  }

  func tuple(_ reference: Reference) -> [Reference]? {
    if case .tuple(let elements) = objects[reference] { elements } else { nil }
  }

  /// The elements of a tuple or list of integers, as shapes and strides are.
  func integers(_ reference: Reference) -> [Int]? {
    let elements: [Reference]
    switch objects[reference] {
    case .tuple(let tuple): elements = tuple
    case .list(let list): elements = list
    default: return nil
    }
    let integers = elements.compactMap { integer($0) }
    return integers.count == elements.count ? integers : nil
  }
}
