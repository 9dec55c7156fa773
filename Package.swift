// swift-tools-version: 6.0
import Foundation
import PackageDescription

// oneDNN is optional: without it the CPU backend multiplies matrices with a plain loop,
// and `contrapposto doctor` says what that costs.
let hasOneDNN = ["/usr/include/dnnl.h", "/usr/local/include/dnnl.h", "/usr/include/oneapi/dnnl/dnnl.h"]
  .contains { FileManager.default.fileExists(atPath: $0) }

func test(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: ["TestSupport"] + dependencies)
}

let package = Package(
  name: "Contrapposto",
  products: [
    .library(
      name: "Contrapposto",
      targets: [
        "Compute", "CPUBackend", "OpenCLBackend", "Autodiff", "Layers", "Optimizers", "Training", "Pose2Mesh",
        "MAPConNet", "MultiViewSync",
      ]),
    .executable(name: "contrapposto", targets: ["contrapposto"]),
    .executable(name: "kernel-bench", targets: ["kernel-bench"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/jpsim/Yams", "5.0.1"..<"7.0.0"),
  ],
  targets: [
    // Shims: C, no policy.
    .target(name: "CLShim", linkerSettings: [.linkedLibrary("OpenCL"), .linkedLibrary("clblast")]),
    .target(
      name: "CPUShim",
      cSettings: hasOneDNN ? [.define("CONTRAPPOSTO_ONEDNN")] : [],
      linkerSettings: hasOneDNN ? [.linkedLibrary("dnnl"), .linkedLibrary("m")] : [.linkedLibrary("m")]),
    // Apart from the CPU backend's loops, since samples are drawn with it, too; `kernel.h` is theirs.
    .target(
      name: "RasterShim", cSettings: [.headerSearchPath("../CPUShim")], linkerSettings: [.linkedLibrary("m")]),
    .target(
      name: "Kernels", path: "Kernels",
      // By name: SwiftPM keeps what a manifest once evaluated to, so a folder listing would miss a new file.
      resources: [
        "argReduce", "convolution", "copy", "epilogue", "fill", "filterGradient", "fma", "gather", "gemm", "gemmPlain",
        "map", "matrixUnits", "moments", "nearestPoints", "operands", "pooling", "random", "raster", "real", "reduce",
        "scatterAdd", "spmm", "tiles", "transport", "tripletDistance", "windows",
      ].map { .embedInCode($0 + ".cl") }),
    .systemLibrary(name: "CZip", path: "Sources/SystemLibraries/CZip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(name: "CPNG", path: "Sources/SystemLibraries/CPNG", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(
      name: "CTurboJPEG", path: "Sources/SystemLibraries/CTurboJPEG", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CZlib", path: "Sources/SystemLibraries/CZlib", providers: [.apt(["zlib1g-dev"])]),

    // The seam and its two backends.
    .target(name: "Compute"),
    .target(name: "CPUBackend", dependencies: ["Compute", "CPUShim", "RasterShim"]),
    .target(name: "OpenCLBackend", dependencies: ["Compute", "CLShim", "Kernels"]),

    // Differentiable tensors and what is built of them.
    .target(name: "Autodiff", dependencies: ["Compute"]),
    .target(name: "Layers", dependencies: ["Autodiff"]),
    .target(name: "Optimizers", dependencies: ["Layers"]),

    // The world outside: files, bodies, pictures, samples.
    .target(name: "FileFormats", dependencies: ["Compute", "CZip", "CPNG", "CTurboJPEG", "CZlib"]),
    .target(name: "Geometry", dependencies: ["Compute"]),
    .target(name: "Rendering", dependencies: ["Geometry", "FileFormats"]),
    .target(name: "Datasets", dependencies: ["Geometry", "FileFormats", "RasterShim"]),

    // Training, and the models.
    .target(
      name: "Training",
      dependencies: [
        "Layers", "Optimizers", "Datasets", "Rendering", "FileFormats", "Yams",
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(name: "Pose2Mesh", dependencies: ["Training"], path: "Sources/Models/Pose2Mesh"),
    .target(name: "MAPConNet", dependencies: ["Training"], path: "Sources/Models/MAPConNet"),
    .target(name: "MultiViewSync", dependencies: ["Training"], path: "Sources/Models/MultiViewSync"),

    // Tools.
    .target(name: "ToolSupport", dependencies: ["CPUBackend", "OpenCLBackend"], path: "Tools/ToolSupport"),
    .executableTarget(
      name: "contrapposto",
      dependencies: [
        "ToolSupport", "Pose2Mesh", "MAPConNet", "MultiViewSync",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tools/contrapposto"),
    .executableTarget(
      name: "kernel-bench",
      dependencies: [
        "ToolSupport", "Pose2Mesh", "MAPConNet", "MultiViewSync",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tools/kernel-bench"),
    .executableTarget(name: "kernel-check", dependencies: ["OpenCLBackend"], path: "Tools/kernel-check"),

    // Tests.
    .target(
      name: "TestSupport", dependencies: ["CPUBackend", "OpenCLBackend", "Training"], path: "Tests/TestSupport"),
    test("ComputeTests", []),
    test("AutodiffTests", ["Autodiff", "Layers", "Optimizers"]),
    test("FileFormatsTests", ["FileFormats", "CTurboJPEG"]),
    test("GeometryTests", ["Geometry"]),
    test("RenderingTests", ["Rendering"]),
    test("DatasetsTests", ["Datasets", "RasterShim"]),
    test("TrainingTests", ["Training"]),
    test("Pose2MeshTests", ["Pose2Mesh"]),
    test("MAPConNetTests", ["MAPConNet"]),
    test("MultiViewSyncTests", ["MultiViewSync"]),
    test("ToolTests", ["ToolSupport", "Geometry", "FileFormats"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
