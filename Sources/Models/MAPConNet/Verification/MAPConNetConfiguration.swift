import Compute
import FileFormats
import Foundation

/// The metadata of a MAPConNet reference file.
struct MAPConNetConfiguration: Decodable {
  let model: String
  let ngf, idDim, sinkhornIterations: Int
  let sinkhornTemperature, sinkhornEps: Double
  let lambdaRec, lambdaEdge, lambdaMesh, lambdaPoint, marginMesh, marginPoint: Double
  let lr, beta1, beta2, adamEps: Double

  /// Reads the `config` entry of a file's metadata.
  init(_ file: Safetensors) throws {
    guard let text = file.metadata["config"] else {
      throw ComputeError(
        .data, what: "\(file.source): its metadata has no config",
        why: "the config says which network the tensors belong to", mend: "make the file with the reference program")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      self = try decoder.decode(MAPConNetConfiguration.self, from: Data(text.utf8))
    } catch {
      throw ComputeError(
        .data, what: "\(file.source): its config cannot be read", why: "\(error)",
        mend: "make the file with the reference program")
    }
  }

  var architecture: MAPConNetArchitecture {
    MAPConNetArchitecture(
      width: ngf, identityChannels: idDim,
      sinkhorn: SinkhornSettings(
        temperature: sinkhornTemperature, iterations: sinkhornIterations, constant: sinkhornEps))
  }

  var loss: MAPConNetLossSettings {
    var loss = MAPConNetLossSettings()
    (loss.reconstruction, loss.edge, loss.mesh, loss.point) = (lambdaRec, lambdaEdge, lambdaMesh, lambdaPoint)
    (loss.meshMargin, loss.pointMargin) = (marginMesh, marginPoint)
    return loss
  }
}
