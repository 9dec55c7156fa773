import Compute
import Foundation
import TestSupport
import Testing

@testable import FileFormats

/// A file's tensor; the tests' own has the same name.
private typealias Numbers = FileFormats.HostTensor

@Suite struct PyTorchFileTests {
  private func read(_ bytes: Data) throws -> Safetensors {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("w.pth")
      try AtomicFile.write(bytes, to: url)
      return try TensorFile.read(url)
    }
  }

  private func fault(_ bytes: Data) throws -> ComputeError {
    let error = try #require(throws: ComputeError.self) { try read(bytes) }
    #expect(error.kind == .data && error.what.contains("w.pth: "), "\(error)")
    return error
  }

  private func fault(_ fill: (inout PickleBytes) -> Void, storages: [Data] = []) throws -> ComputeError {
    try fault(pyTorchFile(pickle(fill), storages: storages))
  }

  private func pickle(_ fill: (inout PickleBytes) -> Void) -> Data {
    var pickle = PickleBytes()
    fill(&pickle)
    return pickle.data
  }

  /// A dictionary with one tensor "x" of four floats 0, 1, 2, 3, described as the arguments say.
  private func one(
    _ type: String = "FloatStorage", count: Int = 4, offset: Int = 0, shape: [Int], strides: [Int]
  ) -> Data {
    pickle { pickle in
      pickle.beginItems()
      pickle.string("x")
      pickle.tensor(type, key: "0", count: count, offset: offset, shape: shape, strides: strides)
      pickle.endItems()
      pickle.raw(".")
    }
  }

  private let four = [Numbers([Float(0), 1, 2, 3]).data]

  // MARK: - What is read

  @Test func everyTypeIsRead() throws {
    let tensors: [(name: String, tensor: Numbers)] = [
      ("conv.weight", Numbers((0..<12).map(Float.init), shape: [2, 3, 2])), ("bn.running_mean", Numbers([0.1, 0.2])),
      ("bn.num_batches_tracked", Numbers([Int64(1) << 40], shape: [])), ("i", Numbers([Int32(-5), 6])),
      ("u", Numbers([UInt8(1), 0, 255])), ("half", Numbers(.float16, shape: [1], data: Data([0, 0x3C]))),
      ("b", Numbers(.bfloat16, shape: [1, 1], data: Data([0x80, 0x3F]))),
      ("s", Numbers(.int16, shape: [2], data: Data([1, 0, 255, 255]))),
      ("none", Numbers([Float](), shape: [0, 3])),
    ]
    let file = try read(pyTorchFile(tensors))
    #expect(file.tensors.keys == tensors.map(\.name) && file.metadata.isEmpty)
    for (name, tensor) in tensors { #expect(file.tensors[name] == tensor, "\(name)") }
    #expect(try file.tensor("half").floats() == [1] && file.tensor("b").floats() == [1])
  }

  @Test(arguments: ["state_dict", "model", "whatever"]) func weightsInsideOtherThingsAreFound(key: String) throws {
    let tensors = [("module.a", Numbers([Float(1)])), ("module.b.c", Numbers([Float(2)]))]
    #expect(try read(pyTorchFile(tensors, under: key)).tensors.keys == ["a", "b.c"])
    // A prefix that only some have is part of the name.
    let mixed = [("module.a", Numbers([Float(1)])), ("b", Numbers([Float(2)]))]
    #expect(try read(pyTorchFile(mixed, under: key)).tensors.keys == ["module.a", "b"])
  }

  /// Some programs save a measure as a tensor beside the weights.
  @Test func weightsComeBeforeLooseTensors() throws {
    func bytes(_ key: String) -> Data {
      let pickle = self.pickle { pickle in
        pickle.beginItems()
        pickle.string("best_acc1")
        pickle.tensor("FloatStorage", key: "0", count: 4, offset: 3, shape: [], strides: [])
        pickle.string(key)
        pickle.beginItems()
        pickle.string("w")
        pickle.tensor("FloatStorage", key: "0", count: 4, shape: [4], strides: [1])
        pickle.endItems()
        pickle.endItems()
        pickle.raw(".")
      }
      return pyTorchFile(pickle, storages: four)
    }
    #expect(try read(bytes("state_dict")).tensors.keys == ["w"])
    #expect(try read(bytes("optimizer")).tensors.keys == ["best_acc1"])
  }

  @Test func viewsBecomeContiguous() throws {
    func floats(offset: Int = 0, _ shape: [Int], _ strides: [Int]) throws -> [Float] {
      let tensor = try read(pyTorchFile(one(offset: offset, shape: shape, strides: strides), storages: four)).tensor(
        "x")
      #expect(tensor.shape == shape)
      return tensor.floats()
    }
    #expect(try floats([2, 2], [2, 1]) == [0, 1, 2, 3])
    #expect(try floats([2, 2], [1, 2]) == [0, 2, 1, 3])
    #expect(try floats(offset: 1, [2], [2]) == [1, 3])
    #expect(try floats(offset: 3, [], []) == [3])
    #expect(try floats(offset: 2, [1, 2, 1], [9, 1, 7]) == [2, 3])
    #expect(try floats(offset: 1, [2, 3], [1, 0]) == [1, 1, 1, 2, 2, 2])
    #expect(try floats(offset: 4, [0, 5], [5, 1]) == [])
  }

  /// Parameters, later protocols, the memo, Python 2's text and dictionaries, and values that do not matter.
  @Test func otherWaysOfWritingAreRead() throws {
    let pickle = self.pickle { pickle in
      pickle.raw([0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0])
      pickle.beginItems()
      pickle.raw([0x8C, 1])
      pickle.raw("p")
      pickle.raw([0x94, 0x8C, 12])
      pickle.raw("torch._utils")
      pickle.raw([0x8C, 18])
      pickle.raw("_rebuild_parameter")
      pickle.raw([0x93])
      pickle.tensor("FloatStorage", key: "0", count: 4, shape: [4], strides: [1])
      pickle.raw("r")
      pickle.raw([0, 1, 0, 0, 0x88])
      pickle.orderedDictionary()
      pickle.raw([0x87])
      pickle.raw("R")
      pickle.raw("U")
      pickle.raw([5])
      pickle.raw("again")
      pickle.raw("j")
      pickle.raw([0, 1, 0, 0])
      // Keys that are no text, and values of other kinds.
      pickle.integer(-1)
      pickle.raw("N")
      pickle.string("list")
      pickle.raw("](")
      pickle.integer(70000)
      pickle.integer(Int.min)
      pickle.raw("e")
      pickle.raw([0x88])
      pickle.raw("a")
      pickle.string("real")
      pickle.raw("G")
      pickle.raw([0x3F, 0xF8, 0, 0, 0, 0, 0, 0])
      pickle.string("device")
      pickle.global("torch", "device")
      pickle.string("cpu")
      pickle.raw([0x85])
      pickle.raw("R")
      pickle.string("size")
      pickle.global("torch", "Size")
      pickle.raw("(")
      pickle.tuple([2, 3])
      pickle.raw("tR")
      pickle.string("ordered")
      pickle.global("collections", "OrderedDict")
      pickle.raw("(]](")
      pickle.string("k")
      pickle.integer(1)
      pickle.raw("eatR")
      pickle.endItems()
      pickle.raw(".")
    }
    let file = try read(pyTorchFile(pickle, storages: four))
    #expect(file.tensors.keys == ["p", "again"])
    #expect(try file.tensor("p").floats() == [0, 1, 2, 3] && file.tensor("p") == file.tensor("again"))
  }

  // MARK: - What is refused

  @Test(arguments: [
    ("posix", "system"), ("os", "system"), ("builtins", "eval"), ("torchvision.models.resnet", "ResNet"),
    ("torch", "load"), ("collections", "defaultdict"), ("torch._utils", "_rebuild_qtensor"),
  ])
  func callsOfOtherFunctionsAreRefused(module: String, name: String) throws {
    for isStacked in [false, true] {
      let error = try fault { pickle in
        if isStacked {
          pickle.string(module)
          pickle.string(name)
          pickle.raw([0x93])
        } else {
          pickle.global(module, name)
        }
        pickle.string("touch /tmp/pwned")
        pickle.raw([0x85])
        pickle.raw("R.")
      }
      #expect(error.what.contains("holds \(module).\(name)") && error.why.contains("nothing in it is run"))
      #expect(error.mend.contains("state_dict"))
    }
  }

  @Test func otherInstructionsAreRefused() throws {
    // Classes (i, o, NEWOBJ), old forms of text, sets, persistent text, out-of-band buffers, extensions.
    for instruction: UInt8 in [0x69, 0x6F, 0x81, 0x92, 0x53, 0x49, 0x8F, 0x91, 0x50, 0x97, 0x82, 0x30, 0x32, 0xFF, 0] {
      let error = try fault { $0.raw([instruction]) }
      let digits = String(instruction, radix: 16, uppercase: true)
      #expect(error.what.contains("instruction 0x\(digits) at byte 2"), "\(error)")
    }
  }

  @Test(arguments: [
    ("", "ends early"), (".", "stack is empty"), ("t", "no mark"), ("}]a.", "no list"),
    ("](}}u", "sets an item"), ("}(Nu", "sets an item"), ("Nb", "stack is empty"), ("NNb", "attributes"),
    ("N)R", "no function"), ("NNR", "no function"), ("h\u{7}", "recalls object 7"),
    ("j\u{1}\u{1}\0\0", "recalls object 257"),
    ("q\0", "stack is empty"), ("(q\0", "stack is empty"), ("NQ", "a storage is not named"), ("K", "ends early"),
    ("X\u{5}\0\0\0abc", "ends early"), ("X\0\0\0\u{7F}abc", "ends early"), ("cos", "ends early"),
    ("NN\u{85}", "ends early"),
    ("}N.", "what was saved is no dictionary"), ("ctorch\nFloatStorage\n)R.", "a type of numbers"),
    ("ctorch\nSize\n)R.", "torch.Size"),
    ("ctorch._utils\n_rebuild_parameter\n)R.", "no tensor"),
    ("ctorch._utils\n_rebuild_tensor_v2\n)R.", "not described"),
    ("ccollections\nOrderedDict\n(NtR.", "no list"), ("ccollections\nOrderedDict\n(](NetR.", "no pair"),
    ("(.", "stack is empty"),
    ("(Nt)b", "attributes"),
  ])
  func damagedPicklesAreRefused(text: String, names: String) throws {
    // As Latin letters: each character is one byte.
    let error = try fault { $0.raw(text.unicodeScalars.map { UInt8($0.value) }) }
    #expect(error.why.contains(names), "\(error)")
  }

  @Test func longIntegersAndProtocolsHaveAnEnd() throws {
    #expect(try fault { $0.raw([0x8A, 9] + [UInt8](repeating: 1, count: 9)) }.why.contains("9 bytes"))
    #expect(try fault { $0.raw([0x80, 1]) }.why.contains("protocol 1"))
    #expect(try fault { $0.raw([0x80, 6]) }.why.contains("protocol 6"))
  }

  /// Nesting costs no stack, and cycles come to an end.
  @Test func deepAndCyclicObjectsDoNoHarm() throws {
    let deep = try fault { pickle in
      pickle.raw("N")
      pickle.raw([UInt8](repeating: 0x85, count: 200_000))
      pickle.raw(".")
    }
    #expect(deep.what.contains("no dictionary of tensors"))
    let cycle = try fault { pickle in
      pickle.raw("}q\0")
      pickle.string("state_dict")
      pickle.raw("h\0s.")
    }
    #expect(cycle.what.contains("no dictionary of tensors"))
    let list = try fault { $0.raw("]q\0h\0a.") }
    #expect(list.what.contains("no dictionary of tensors"))
  }

  /// One dictionary of 20,000 items, standing 20,000 times in another: each is looked at once; without that, this test would take minutes.
  @Test func repeatedDictionariesCostNoTime() throws {
    let error = try fault { pickle in
      pickle.beginItems()
      pickle.string("first")
      pickle.raw("}q\0(")
      pickle.raw([[UInt8]](repeating: [0x4E, 0x4E], count: 20_000).flatMap { $0 })
      pickle.raw("u")
      for key in 0..<20_000 {
        pickle.string("k\(key)")
        pickle.raw("h\0")
      }
      pickle.endItems()
      pickle.raw(".")
    }
    #expect(error.what.contains("no dictionary of tensors"))
  }

  @Test(
    arguments: [
      ([5], [1], 0), ([2, 2], [3, 1], 0), ([4], [1], 1), ([], [], 4), ([1], [1], 1 << 62), ([2], [1 << 62], 0),
      ([1 << 62, 4], [0, 1], 0), ([0, 1 << 62, 1 << 62], [0, 0, 0], 0), ([2, 2], [Int.max, Int.max], 0),
    ] as [([Int], [Int], Int)])
  func viewsOutsideTheirNumbersAreRefused(shape: [Int], strides: [Int], offset: Int) throws {
    let error = try fault(pyTorchFile(one(offset: offset, shape: shape, strides: strides), storages: four))
    #expect(error.why.contains("reaches out of its 4 numbers"), "\(error)")
  }

  @Test(arguments: [([-1], [1], 0), ([4], [-1], 3), ([4], [1], -1), ([4], [], 0)] as [([Int], [Int], Int)])
  func impossibleViewsAreRefused(shape: [Int], strides: [Int], offset: Int) throws {
    let error = try fault(pyTorchFile(one(offset: offset, shape: shape, strides: strides), storages: four))
    #expect(error.why.contains("not described"), "\(error)")
  }

  /// The storage's size must be what the archive holds, whatever the pickle says.
  @Test func storagesOfAnotherSizeAreRefused() throws {
    for (type, count) in [("FloatStorage", 3), ("FloatStorage", 5), ("DoubleStorage", 4), ("FloatStorage", 1 << 40)] {
      let error = try fault(pyTorchFile(one(type, count: count, shape: [2], strides: [1]), storages: four))
      #expect(error.why.contains("archive/data/0, which has 16 bytes"), "\(error)")
    }
    let absent = try fault(pyTorchFile(one(shape: [4], strides: [1])))
    #expect(absent.why.contains("archive/data/0, which is not there") && absent.what.contains("\"x\""))
    let overflow = try fault(pyTorchFile(one(count: Int.max / 2, shape: [4], strides: [1]), storages: four))
    #expect(overflow.why.contains("a storage is not named"))
    for type in ["ComplexFloatStorage", "CharStorage", "QUInt8Storage"] {
      let error = try fault(pyTorchFile(one(type, shape: [4], strides: [1]), storages: four))
      #expect(error.what.contains("torch.\(type)") && error.why.contains("this type"))
    }
  }

  /// A view that repeats four numbers a million times would fill the memory from nothing.
  @Test func viewsLargerThanTheFileAreRefused() throws {
    let error = try fault(pyTorchFile(one(shape: [1000, 1000, 4], strides: [0, 0, 1]), storages: four))
    #expect(error.what.contains("together larger than the file"))
  }

  @Test func archivesThatUnpackToMoreThanTheyAreAreRefused() throws {
    let whole = one(shape: [4], strides: [1])
    var bomb = ZipBytes()
    bomb.add("a/data.pkl", whole)
    bomb.add("a/data/0", four[0], claiming: 4_000_000_000)
    #expect(try fault(bomb.data).what.contains("unpacks to more than the"))
    var unused = ZipBytes()
    unused.add("a/data.pkl", whole)
    unused.add("a/data/0", four[0])
    unused.add("a/else", Data([1]), claiming: 100_000)
    #expect(try fault(unused.data).what.contains("unpacks to more than the"))
  }

  @Test func otherFilesOfPyTorchAreRefused() throws {
    let legacy = try fault(Data([0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46]))
    #expect(legacy.what.contains("before version 1.6") && legacy.mend.contains("torch.save(torch.load("))
    var script = ZipBytes()
    script.add("a/data.pkl", Data())
    script.add("a/constants.pkl", Data())
    #expect(try fault(script.data).what.contains("TorchScript"))
    var other = ZipBytes()
    other.add("a.npy", Data())
    #expect(try fault(other.data).what.contains("none of PyTorch's"))
    let big = try fault(pyTorchFile(one(shape: [4], strides: [1]), storages: four, byteOrder: "big"))
    #expect(big.what.contains("low byte first"))
    #expect(try fault(Data([0x50, 0x4B, 3, 4])).what.contains("not a complete zip archive"))
  }

  @Test func cutFilesAreRefused() throws {
    let bytes = pyTorchFile([("x", Numbers([Float(1), 2]))])
    for count in stride(from: 0, to: bytes.count, by: 29) { _ = try fault(bytes.prefix(count)) }
    // A byte of the numbers changed: only the checksum can tell.
    var damaged = bytes
    let place = try #require(bytes.firstRange(of: Numbers([Float(1), 2]).data))
    damaged[place.lowerBound] ^= 1
    #expect(try fault(damaged).what.contains("archive"))
  }

  @Test func filesWithoutWeightsAreRefused() throws {
    #expect(try fault { $0.raw("K\u{7}.") }.what.contains("no dictionary of tensors"))
    #expect(try fault { $0.raw("}.") }.what.contains("no dictionary of tensors"))
    let several = self.pickle { pickle in
      pickle.beginItems()
      for name in ["generator", "critic"] {
        pickle.string(name)
        pickle.beginItems()
        pickle.string("w")
        pickle.tensor("FloatStorage", key: "0", count: 4, shape: [4], strides: [1])
        pickle.endItems()
      }
      pickle.endItems()
      pickle.raw(".")
    }
    #expect(try fault(pyTorchFile(several, storages: four)).why.contains("generator, critic"))
  }

  /// The entry point tells files by their bytes.
  @Test func safetensorsAreReadByTheSameCall() throws {
    let file = Safetensors(metadata: ["a": "b"], tensors: ["x": Numbers([Float(1)])])
    let read = try read(file.encoded)
    #expect(read.metadata == file.metadata && read.tensors == file.tensors)
  }
}
