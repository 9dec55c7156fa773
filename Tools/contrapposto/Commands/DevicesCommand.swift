import ArgumentParser
import CPUBackend
import Compute
import Foundation
import OpenCLBackend

struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "Lists the devices by the names that --device takes.")

  func run() {
    let cpu = CPUDevice().information
    print(line(cpu.identifier, cpu.name, cpu.driver, cpu.memoryByteCount, cpu.supportsDouble))
    for device in OpenCLDevice.available() {
      print(
        line(
          "opencl:\(device.index)", device.name, "\(device.version), \(device.driverVersion)", device.memoryByteCount,
          device.supportsDouble))
    }
  }

  private func line(_ identifier: String, _ name: String, _ driver: String, _ memory: Int, _ double: Bool) -> String {
    "\(identifier.padding(toLength: 10, withPad: " ", startingAt: 0)) \(name); \(driver); \(gibibytes(memory))"
      + (double ? "" : "; no double")
  }
}
