// Pose2MeshTests
