/// How a published mesh set names its files, and what its splits are.
///
/// (Wang et al., "Neural pose transfer by spatially adaptive instance normalization", 2020, for people; Song et al., "3D
/// pose transfer with correspondence learning and mesh refinement", 2021, for animals.)
public struct NPTLayout: Sendable, Equatable {
  /// Files are called `prefix` identity `_` pose `.` `fileExtension`.
  public var prefix: String
  public var fileExtension: String
  public var train, validation, test: PoseTransferRange
  /// The file that lists the test pairs.
  public var testList: String
  /// Length of an epoch, as published.
  public var pairsPerEpoch: Int

  public init(
    prefix: String, fileExtension: String, train: PoseTransferRange, validation: PoseTransferRange = .init(),
    test: PoseTransferRange, testList: String, pairsPerEpoch: Int
  ) {
    self.prefix = prefix
    self.fileExtension = fileExtension
    self.train = train
    self.validation = validation
    self.test = test
    self.testList = testList
    self.pairsPerEpoch = pairsPerEpoch
  }

  /// People, `id{identity}_{pose}.obj`: 16 identities in 400 poses to train on. No validation set is published.
  public static let human = NPTLayout(
    prefix: "id", fileExtension: "obj", train: PoseTransferRange(identities: 0...15, poses: 200...599),
    test: PoseTransferRange(identities: 16...29, poses: 600...799), testList: "human_test_list", pairsPerEpoch: 4000)

  /// Animals, `toy_{identity}_{pose}.ply`: 29 identities in 400 poses to train on. No validation set is published.
  public static let animal = NPTLayout(
    prefix: "toy_", fileExtension: "ply",
    train: PoseTransferRange(
      identities: [Int](0...15) + [21, 23, 24] + [Int](26...31) + [34, 35, 38, 39], poses: 0...399),
    test: PoseTransferRange(identities: [16, 17, 18, 19, 20, 22, 25, 32, 33, 36, 37, 40], poses: 400...599),
    testList: "animal_test_list", pairsPerEpoch: 11600)

  public func fileName(_ mesh: PosedIdentity) -> String { "\(prefix)\(mesh.identity)_\(mesh.pose).\(fileExtension)" }

  /// The mesh that a file name stands for; nil for any other name.
  public func mesh(named name: String) -> PosedIdentity? {
    guard name.hasPrefix(prefix), name.hasSuffix("." + fileExtension) else { return nil }
    let numbers = name.dropFirst(prefix.count).dropLast(fileExtension.count + 1).split(
      separator: "_", omittingEmptySubsequences: false)
    guard numbers.count == 2, let identity = Int(numbers[0]), let pose = Int(numbers[1]) else { return nil }
    let mesh = PosedIdentity(identity: identity, pose: pose)
    return fileName(mesh) == name ? mesh : nil
  }
}
