// Models/Pose2Mesh
