/// Where tensors live and operations run: the seam between the library and its backends.
///
/// Operations are enqueued in order when called and not awaited; only downloads and `synchronize()` wait.
/// A fault after enqueue (a failed launch, no memory) is kept: later operations do nothing, outputs keep
/// their shapes, and the next wait throws it. A broken shape rule is the caller's fault and traps.
///
/// Work is cut by shape only, never by thread count or load, and partial sums combine in a fixed order,
/// so the same calls give the same bits on the same device.
public protocol Device: MemoryOperations, ElementwiseOperations, ReductionOperations, MatrixOperations,
  SparseOperations, IndexOperations, RandomOperations, OptimizerOperations, TransportOperations, NearestPointOperations,
  TripletOperations, ConvolutionOperations, PoolingOperations, RasterOperations
{
  var information: DeviceInformation { get }

  /// Receives every launch while set; nil costs nothing.
  var profiler: (any Profiler)? { get set }

  /// The first fault since the last wait, if any.
  var fault: ComputeError? { get }
}

/// What a device is and what it can hold.
public struct DeviceInformation: Sendable {
  /// "cpu" or "opencl:0": what `--device` takes.
  public let identifier: String
  /// The maker's name for it: "AMD EPYC", "NVIDIA H200".
  public let name: String
  public let vendor: String
  /// Driver and library versions: "oneDNN 2.6.3", "OpenCL 3.0 PoCL 3.1".
  public let driver: String
  public let computeUnits: Int
  public let memoryByteCount: Int
  /// The most bytes that one buffer may have; members split over batch or rows where a temporary would exceed it.
  public let largestAllocation: Int
  public let supportsDouble: Bool
  /// Whether it is the processor that this program runs on: what runs beside it slows it.
  public let isHostProcessor: Bool
  /// How large the temporaries of a composite operation should be at most: they stay in a CPU's last-level cache, and
  /// fill a GPU.
  public let preferredWorkspaceByteCount: Int
  /// The preference of processors: what stays in a last-level cache.
  public static let cacheWorkspaceByteCount = 24 << 20

  public init(
    identifier: String, name: String, vendor: String, driver: String, computeUnits: Int, memoryByteCount: Int,
    largestAllocation: Int, supportsDouble: Bool, isHostProcessor: Bool,
    preferredWorkspaceByteCount: Int = cacheWorkspaceByteCount
  ) {
    self.identifier = identifier
    self.name = name
    self.vendor = vendor
    self.driver = driver
    self.computeUnits = computeUnits
    self.memoryByteCount = memoryByteCount
    self.largestAllocation = largestAllocation
    self.supportsDouble = supportsDouble
    self.isHostProcessor = isHostProcessor
    self.preferredWorkspaceByteCount = min(preferredWorkspaceByteCount, largestAllocation)
  }
}
