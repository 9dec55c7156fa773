import Compute
import Foundation
import Testing

@testable import FileFormats

@Suite struct FileTests {
  @Test func writingReplacesTheWholeFileAndLeavesNothingElse() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("out.bin")
      try AtomicFile.write(Data(repeating: 1, count: 1000), to: url)
      try AtomicFile.write([Data([2, 3]), Data(), Data([4])], to: url)
      #expect(try InputFile.read(url) == Data([2, 3, 4]))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.bin"])
    }
  }

  @Test func aLinkStaysALink() throws {
    try withTemporaryFolder { folder in
      let (file, link) = (folder.appendingPathComponent("file"), folder.appendingPathComponent("link"))
      try AtomicFile.write(Data([1]), to: file)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
      try AtomicFile.write(Data([2]), to: link)
      #expect(try InputFile.read(file) == Data([2]))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == file.path)
    }
  }

  @Test func aFullDiskIsToldAsSuch() {
    let error = #expect(throws: ComputeError.self) {
      try AtomicFile.write(Data([1]), to: URL(fileURLWithPath: "/dev/full"))
    }
    #expect(error?.kind == .cannotWrite)
    #expect(error?.why.contains("full") == true)
  }

  @Test func whatCannotBeWrittenIsToldAndLeavesNothing() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("file")
      try AtomicFile.write(Data([1]), to: file)
      for path in ["missing/out.bin", "file/out.bin", ""] {
        let error = #expect(throws: ComputeError.self) {
          try AtomicFile.write(Data([2]), to: folder.appendingPathComponent(path))
        }
        #expect(error?.kind == .cannotWrite)
        // The same is found before there is anything to write.
        let early = #expect(throws: ComputeError.self) {
          try AtomicFile.checkWritable(folder.appendingPathComponent(path))
        }
        #expect(early == error)
      }
      for path in ["file", "new"] { try AtomicFile.checkWritable(folder.appendingPathComponent(path)) }
      #expect(throws: ComputeError.self) { try AtomicFile.makeFolder(file.appendingPathComponent("sub")) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
    }
  }

  @Test func foldersAreMadeWithTheirParents() throws {
    try withTemporaryFolder { folder in
      let deep = folder.appendingPathComponent("a/b c/d")
      try AtomicFile.makeFolder(deep)
      try AtomicFile.makeFolder(deep)
      try AtomicFile.write(Data([1]), to: deep.appendingPathComponent("x"))
    }
  }

  @Test func whatCannotBeReadIsTold() throws {
    try withTemporaryFolder { folder in
      let missing = #expect(throws: ComputeError.self) {
        try InputFile.read(folder.appendingPathComponent("missing"))
      }
      #expect(missing?.kind == .noInput)
      let isFolder = #expect(throws: ComputeError.self) { try InputFile.read(folder) }
      #expect(isFolder?.kind == .noInput)
      let binary = folder.appendingPathComponent("binary")
      try AtomicFile.write(Data([0xFF, 0xFE]), to: binary)
      let notText = #expect(throws: ComputeError.self) { try InputFile.text(binary) }
      #expect(notText?.kind == .data)
    }
  }

  @Test func emptyFilesAndFilesOfUnknownSizeAreReadWhole() throws {
    try withTemporaryFolder { folder in
      let empty = folder.appendingPathComponent("empty")
      try AtomicFile.write(Data(), to: empty)
      #expect(try InputFile.read(empty).isEmpty)
    }
    // Files of /proc report size 0 and still have text.
    #expect(try InputFile.text(URL(fileURLWithPath: "/proc/self/status")).contains("VmRSS"))
  }
}
