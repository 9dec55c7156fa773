import Compute
import Foundation

/// Weights saved by PyTorch 1.6 or later (`torch.save`), read without running anything.
///
/// Such a file is a zip archive: `NAME/data.pkl` is a pickle, a program for a small machine that builds Python objects, and
/// `NAME/data/0`, `NAME/data/1`, ... are the numbers. A pickle can call any Python function; the machine here knows only
/// what weights need (see `PickleMachine`) and refuses everything else by name.
public enum PyTorchFile {
  /// The longest pickle that is read: one of a thousand tensors has about 150 kB.
  static let longestPickle = 8 << 20

  /// Reads the tensors of a state dictionary.
  ///
  /// The object saved is a dictionary of tensors, or holds one: under `state_dict`, `model_state_dict`, `model`, `network`
  /// or `net` (the first of these that is there), or under whatever key if there is only one. What else it holds (an
  /// optimiser's state, epochs) is left out. A prefix `module.` that all names have (`DataParallel`) is taken off.
  /// Booleans become U8.
  ///
  /// - Returns: The tensors in the order of the dictionary, without metadata.
  /// - Throws: `ComputeError` as `ZipArchive`; `.data` when the file is none of PyTorch's or of an older release, holds
  ///   objects other than tensors, numbers, text and collections of them, is inconsistent, or unpacks to more than its
  ///   own size.
  public static func read(_ url: URL) throws -> Safetensors {
    let path = url.path
    guard !isLegacyPickle(try InputFile.beginning(url, count: 4)) else {
      throw ComputeError(
        .data, what: "\(path): a PyTorch file of the format before version 1.6",
        why: "it is one long pickle; read is the zip archive that PyTorch has written since",
        mend: "save it again with a newer PyTorch: python3 -c 'import torch; "
          + "torch.save(torch.load(\"\(path)\", map_location=\"cpu\"), \"\(path).new\")'")
    }
    let archive = try PyTorchArchive(ZipArchive(contentsOf: url), path)
    var machine = PickleMachine(try archive.pickle(), source: path)
    let root = try machine.run()
    let dictionary = try StateDictionary(root, in: machine.heap, source: path)
    var tensors = OrderedMap<HostTensor>()
    var reader = PyTorchTensorReader(archive)
    for (name, tensor) in dictionary.tensors { tensors[name] = try reader.read(tensor, name) }
    return Safetensors(tensors: tensors, source: path)
  }

  /// Whether a file that begins so is meant for `read(_:)`, if only to be told that its format is too old.
  static func recognizes(_ beginning: Data) -> Bool {
    beginning.starts(with: [0x50, 0x4B, 3, 4]) || isLegacyPickle(beginning)
  }

  /// The older format begins with a pickled number of 10 bytes.
  private static func isLegacyPickle(_ beginning: Data) -> Bool { beginning.starts(with: [0x80, 2, 0x8A, 10]) }
}

/// The entries of a PyTorch file.
struct PyTorchArchive {
  let path: String
  /// Size of the file: what all its parts together may unpack to.
  let byteCount: Int
  private let archive: ZipArchive
  /// What the names of all entries begin with.
  private let prefix: String
  private let sizes: [String: Int]

  init(_ archive: ZipArchive, _ path: String) throws {
    self.archive = archive
    self.path = path
    byteCount = archive.byteCount
    let pickle = "data.pkl"
    guard let entry = archive.entries.first(where: { $0.name == pickle || $0.name.hasSuffix("/" + pickle) }) else {
      throw ComputeError(
        .data, what: "\(path): a zip archive, but none of PyTorch's", why: "no entry of it is called data.pkl",
        mend: "give a file that torch.save wrote, or safetensors")
    }
    prefix = String(entry.name.dropLast(pickle.count))
    sizes = Dictionary(archive.entries.map { ($0.name, $0.byteCount) }, uniquingKeysWith: { first, _ in first })
    guard sizes[prefix + "constants.pkl"] == nil else {
      throw ComputeError(
        .data, what: "\(path): a TorchScript program", why: "it holds code beside its weights, and no code is run here",
        mend: "save the weights alone: torch.save(torch.jit.load(\"\(path)\").state_dict(), \"weights.pth\")")
    }
    // PyTorch stores its entries as they are. So whatever unpacks to more than the file is no work of PyTorch's.
    var total = 0
    for entry in archive.entries {
      let (sum, overflow) = total.addingReportingOverflow(entry.byteCount)
      guard !overflow, sum <= byteCount else {
        throw ComputeError(
          .data, what: "\(path): unpacks to more than the \(byteCount) bytes it has",
          why: "PyTorch does not compress; a small file that claims to hold much can fill the memory",
          mend: "check where it comes from; if it was only packed again, load and save it with PyTorch")
      }
      total = sum
    }
    if sizes[prefix + "byteorder"] != nil, try archive.read(prefix + "byteorder") != Data("little".utf8) {
      throw ComputeError(
        .data, what: "\(path): its numbers are not stored low byte first", why: "its entry byteorder says so",
        mend: "load and save it with PyTorch on a little-endian machine (x86-64, arm64)")
    }
  }

  func pickle() throws -> Data { try archive.read(prefix + "data.pkl", atMost: PyTorchFile.longestPickle) }

  /// The bytes of a storage.
  func storage(_ storage: PickleHeap.Storage, _ name: String) throws -> Data {
    let entry = "\(prefix)data/\(storage.key)"
    let wanted = storage.count * storage.type.byteCount  // checked by the machine
    guard let size = sizes[entry], size == wanted else {
      throw ComputeError(
        .data, what: "\(path): tensor \"\(name)\" has no numbers",
        why: "\(storage.count) of type \(storage.type.rawValue) should stand in the entry \(entry), which "
          + (sizes[entry].map { "has \($0) bytes" } ?? "is not there"),
        mend: "fetch or save the file again; it may have been changed")
    }
    return try archive.read(entry, atMost: byteCount)
  }
}

/// Takes tensors out of storages.
struct PyTorchTensorReader {
  private let archive: PyTorchArchive
  private var storages: [String: Data] = [:]
  /// Bytes that views had to be copied into.
  private var copied = 0

  init(_ archive: PyTorchArchive) { self.archive = archive }

  /// The elements of a tensor in row-major order; one whose elements lie so already shares the storage's bytes.
  mutating func read(_ tensor: PickleHeap.Tensor, _ name: String) throws -> HostTensor {
    let storage = tensor.storage
    // The same key with another type would be another reading of the same bytes; their sizes are compared each time.
    let id = "\(storage.type.rawValue) \(storage.count) \(storage.key)"
    let bytes = try storages[id] ?? archive.storage(storage, name)
    storages[id] = bytes
    let size = storage.type.byteCount
    let count = tensor.shape.reduce(1, *)
    if count == 0 { return HostTensor(storage.type, shape: tensor.shape, data: Data()) }
    if tensor.isContiguous {
      let start = bytes.startIndex + tensor.offset * size
      return HostTensor(storage.type, shape: tensor.shape, data: bytes[start..<start + count * size])
    }
    copied += count * size
    guard copied <= archive.byteCount else {
      throw ComputeError(
        .data, what: "\(archive.path): its tensors are together larger than the file",
        why: "views with strides repeat the same numbers, \"\(name)\" among them",
        mend: "save contiguous tensors: {k: v.contiguous() for k, v in state_dict.items()}")
    }
    var data = Data(count: count * size)
    data.withUnsafeMutableBytes { to in
      bytes.withUnsafeBytes { from in
        var index = [Int](repeating: 0, count: tensor.shape.count)
        var source = tensor.offset
        for element in 0..<count {
          to.baseAddress!.advanced(by: element * size).copyMemory(
            from: from.baseAddress!.advanced(by: source * size), byteCount: size)
          var axis = tensor.shape.count - 1
          while axis >= 0 {
            index[axis] += 1
            source += tensor.strides[axis]
            if index[axis] < tensor.shape[axis] { break }
            source -= tensor.strides[axis] * index[axis]
            index[axis] = 0
            axis -= 1
          }
        }
      }
    }
    return HostTensor(storage.type, shape: tensor.shape, data: data)
  }
}
