#!/usr/bin/env python3
"""Makes a multi-view folder, as `contrapposto` reads it, of Human3.6M in the layout of h36m-fetch.

    Tools/h36m-to-folder.py processed/ folder/

Human3.6M is licensed: get it from its authors. h36m-fetch leaves

    processed/SUBJECT/ACTION-TAKE/imageSequence/CAMERA/img_000001.jpg
    processed/SUBJECT/ACTION-TAKE/annot.h5    pose/2d, pose/3d (32 joints), frame, camera

and this script writes dataset.json, SUBJECT/ACTION-TAKE/CAMERA/000001.jpg (links to the pictures) and poses.csv with the 17
usual joints in millimetres, in the coordinates of the camera, in true size. Needs h5py and numpy.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile

JOINTS = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]
NAMES = (
    "pelvis right_hip right_knee right_foot left_hip left_knee left_foot spine neck nose head "
    "left_shoulder left_elbow left_wrist right_shoulder right_elbow right_wrist"
).split()
PARENTS = [-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15]
LEFT, RIGHT = [4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]
TRAIN, TEST = ["S1", "S5", "S6", "S7", "S8"], ["S9", "S11"]


class Fault(Exception):
    """What happened, why that is a problem, how to mend it."""

    def __init__(self, what, why, mend):
        super().__init__(f"{what}\n  why:  {why}\n  mend: {mend}")


def read_annotations(path):
    """Frame numbers, cameras, 2D (N,17,2) and 3D (N,17,3) joints of one take."""
    import h5py
    import numpy

    try:
        with h5py.File(path, "r") as file:
            frame, camera = numpy.array(file["frame"]).ravel(), numpy.array(file["camera"]).ravel()
            flat, solid = numpy.array(file["pose/2d"]), numpy.array(file["pose/3d"])
    except (OSError, KeyError) as error:
        raise Fault(f"{path}: cannot be read", str(error), "make it again with h36m-fetch") from error
    rows = len(frame)
    if len(camera) != rows or flat.shape != (rows, 32, 2) or solid.shape != (rows, 32, 3):
        raise Fault(
            f"{path}: {rows} frames, cameras of shape {camera.shape}, poses of shapes {flat.shape} and {solid.shape}",
            "each row is one frame of one camera, with 32 joints", "make it again with h36m-fetch")
    flat, solid = flat[:, JOINTS].astype(float), solid[:, JOINTS].astype(float)
    if not (numpy.isfinite(flat).all() and numpy.isfinite(solid).all()):
        raise Fault(f"{path}: a joint is not finite", "poses are numbers", "make it again with h36m-fetch")
    return frame.astype(int), camera.astype(int), flat, solid


def place(source, target, how):
    if how == "copy":
        shutil.copyfile(source, target)
    elif how == "hard":
        os.link(source, target)
    else:
        os.symlink(os.path.abspath(source), target)


def box(joints):
    """A square around the root joint, 1.25 times as large as the joints' longer extent, in pixels."""
    side = 1.25 * max(joints[:, axis].max() - joints[:, axis].min() for axis in (0, 1))
    return f"{joints[0, 0]:.3f},{joints[0, 1]:.3f},{side:.3f}"


def convert_take(take, target, options):
    """Writes one take; returns its cameras."""
    frame, camera, flat, solid = read_annotations(os.path.join(take, "annot.h5"))
    views = []
    for identifier in sorted(set(camera.tolist())):
        pictures = os.path.join(take, "imageSequence", str(identifier))
        if not os.path.isdir(pictures):
            raise Fault(
                f"{pictures}: no such folder", f"annot.h5 has frames of camera {identifier}",
                "run h36m-fetch again for this subject, or leave the take out: --exclude SUBJECT/ACTION-TAKE")
        folder = os.path.join(target, str(identifier))
        os.makedirs(folder)
        poses, boxes = ["frame," + ",".join(f"{axis}{j}" for j in range(1, 18) for axis in "xyz")], ["frame,cx,cy,side"]
        seen = set()
        for row in (camera == identifier).nonzero()[0]:
            number = int(frame[row])
            source = os.path.join(pictures, f"img_{number:06d}.jpg")
            if not os.path.isfile(source):
                raise Fault(
                    f"{source}: no such file", "annot.h5 has a pose of this frame",
                    "run h36m-fetch again for this subject, or leave the take out: --exclude SUBJECT/ACTION-TAKE")
            if number in seen:
                raise Fault(
                    f"{take}/annot.h5: frame {number} of camera {identifier} comes twice", "a frame has one pose",
                    "make it again with h36m-fetch")
            seen.add(number)
            place(source, os.path.join(folder, f"{number:06d}.jpg"), options.files)
            poses.append(f"{number}," + ",".join(f"{value:.3f}" for value in solid[row].ravel()))
            boxes.append(f"{number}," + box(flat[row]))
        with open(os.path.join(folder, "poses.csv"), "w", encoding="ascii") as file:
            file.write("\n".join(poses) + "\n")
        if options.boxes == "joints":
            with open(os.path.join(folder, "boxes.csv"), "w", encoding="ascii") as file:
                file.write("\n".join(boxes) + "\n")
        views.append(str(identifier))
    return views


def convert(options, out):
    """Writes all of it into `out`; returns a line about what was done."""
    splits = {**dict.fromkeys(TRAIN, "train"), **dict.fromkeys(TEST, "test"), **dict.fromkeys(options.validation, "validation")}
    sequences, left_out = [], []
    for subject in sorted(os.listdir(options.processed), key=lambda name: (len(name), name)):
        if subject not in splits:
            continue
        for name in sorted(os.listdir(os.path.join(options.processed, subject))):
            take = os.path.join(options.processed, subject, name)
            if not os.path.isdir(take) or not re.fullmatch(r"[A-Za-z]+-[0-9]+", name):
                continue
            identifier = f"{subject}/{name}"
            if identifier in options.exclude:
                left_out.append(identifier)
                continue
            views = convert_take(take, os.path.join(out, subject, name), options)
            if len(views) < 2:
                shutil.rmtree(os.path.join(out, subject, name))
                left_out.append(f"{identifier} (one camera)")
                continue
            sequences.append({"id": identifier, "subject": subject, "split": splits[subject], "views": views})
            print(identifier, flush=True)
    if not sequences:
        raise Fault(
            f"{options.processed}: no takes of the subjects {', '.join(splits)}",
            "they are looked for as SUBJECT/ACTION-TAKE", "name the folder that h36m-fetch calls processed")
    description = {
        "version": 1, "fps": 50, "unit": "mm", "joints": NAMES, "parents": PARENTS, "left": LEFT, "right": RIGHT, "root": 0,
        "sequences": sequences,
    }
    with open(os.path.join(out, "dataset.json"), "w", encoding="ascii") as file:
        json.dump(description, file, indent=1)
        file.write("\n")
    return f"wrote {len(sequences)} takes" + (f", left out {', '.join(left_out)}" if left_out else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("processed", help="the folder that h36m-fetch calls processed")
    parser.add_argument("out", help="the folder to make; it must not exist")
    parser.add_argument(
        "--files", choices=["symlink", "hard", "copy"], default="symlink", help="how pictures come into the folder")
    parser.add_argument(
        "--boxes", choices=["none", "joints"], default="none",
        help="joints: boxes.csv around the 2D joints, for transfer; none leaves boxes to the masks")
    parser.add_argument("--validation", nargs="*", default=[], metavar="SUBJECT", help="subjects to validate on, e. g. S8")
    parser.add_argument("--exclude", nargs="*", default=[], metavar="SUBJECT/ACTION-TAKE", help="takes to leave out")
    options = parser.parse_args()
    try:
        for module in ("h5py", "numpy"):
            try:
                __import__(module)
            except ImportError as error:
                raise Fault(f"Python has no {module}", "annot.h5 is read with it", "python3 -m pip install h5py numpy") from error
        if not os.path.isdir(options.processed):
            raise Fault(f"{options.processed}: no such folder", "takes are read from it", "correct the path")
        out = os.path.abspath(options.out)
        if os.path.lexists(out):
            raise Fault(f"{options.out}: exists already", "a new folder is made", "give the path of one that is not there yet")
        os.makedirs(os.path.dirname(out), exist_ok=True)
        temporary = tempfile.mkdtemp(prefix="." + os.path.basename(out) + ".", suffix=".part", dir=os.path.dirname(out))
        try:
            line = convert(options, temporary)
            os.chmod(temporary, 0o755)
            os.rename(temporary, out)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        print(f"{line} to {options.out}; next: contrapposto data prepare {options.out} --thin none")
    except Fault as fault:
        sys.exit(f"h36m-to-folder: {fault}")
    except OSError as error:
        sys.exit(f"h36m-to-folder: {error.filename}: {error.strerror}\n  why:  a file could not be read or written\n"
                 "  mend: check the path, the space on the disk and the rights")


if __name__ == "__main__":
    main()
