#!/usr/bin/env python3
"""Reference oracle for Pose2Mesh (2D pose -> 3D pose -> mesh).

Independent implementation of the model; section numbers in the comments ("S5.3") refer to its specification.

  pose2mesh.py make  --seed S --mesh icosphere|uvsphere|FILE.obj --subdivisions N
                     --joints human36|coco|smpl|mano --batch B --mode train|eval|coarsen
                     --width W --out FILE.safetensors
  pose2mesh.py time  --vertices-like smpl|mano --batch 64 --threads 2 --steps K

Needs numpy, scipy and torch. All fixture arithmetic runs in float64 on inputs and
parameters that were first rounded to float32; results are rounded to float32 when written.
"""
import argparse
import json
import math
import statistics
import time
import warnings
from collections import OrderedDict

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as spla
import torch

warnings.filterwarnings("ignore", message=".*[Ss]parse.*")

CHEB_K = 3
BN_EPS, BN_MOMENTUM = 1e-5, 0.1
RMS = dict(lr=1e-3, alpha=0.99, eps=1e-8)
WEIGHTS = dict(vertex=1.0, normal=0.1, edge=20.0, joint=1e-3, lift=1e-3)
INPUT_H, INPUT_W = 384, 288
DROPOUT_P = 0.5

# ------------------------------------------------------------------ joint sets (S2)
JOINT_SETS = {
    "human36": dict(
        names="Pelvis R_Hip R_Knee R_Ankle L_Hip L_Knee L_Ankle Torso Neck Nose Head L_Shoulder "
              "L_Elbow L_Wrist R_Shoulder R_Elbow R_Wrist".split(),
        skeleton=[(0, 7), (7, 8), (8, 9), (9, 10), (8, 11), (11, 12), (12, 13), (8, 14), (14, 15),
                  (15, 16), (0, 1), (1, 2), (2, 3), (0, 4), (4, 5), (5, 6)],
        extra=[(1, 4), (2, 5), (3, 6), (14, 11), (15, 12), (16, 13)],
        root=0, target="human36", family="body",
        evaluated=[1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 14, 15, 16]),
    "coco": dict(
        names="Nose L_Eye R_Eye L_Ear R_Ear L_Shoulder R_Shoulder L_Elbow R_Elbow L_Wrist R_Wrist "
              "L_Hip R_Hip L_Knee R_Knee L_Ankle R_Ankle Pelvis Neck".split(),
        skeleton=[(1, 2), (0, 1), (0, 2), (2, 4), (1, 3), (6, 8), (8, 10), (5, 7), (7, 9), (12, 14),
                  (14, 16), (11, 13), (13, 15), (17, 11), (17, 12), (17, 18), (18, 5), (18, 6), (18, 0)],
        extra=[(1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)],
        root=17, target="human36", family="body", evaluated=list(range(19))),
    "smpl": dict(
        names="Pelvis L_Hip R_Hip Torso L_Knee R_Knee Spine L_Ankle R_Ankle Chest L_Toe R_Toe Neck "
              "L_Thorax R_Thorax Head L_Shoulder R_Shoulder L_Elbow R_Elbow L_Wrist R_Wrist L_Hand "
              "R_Hand".split(),
        skeleton=[(0, 1), (1, 4), (4, 7), (7, 10), (0, 2), (2, 5), (5, 8), (8, 11), (0, 3), (3, 6),
                  (6, 9), (9, 14), (14, 17), (17, 19), (19, 21), (21, 23), (9, 13), (13, 16), (16, 18),
                  (18, 20), (20, 22), (9, 12), (12, 15)],
        extra=[(1, 2), (4, 5), (7, 8), (10, 11), (13, 14), (16, 17), (18, 19), (20, 21), (22, 23)],
        root=0, target="smpl", family="body", evaluated=list(range(24))),
    "mano": dict(
        names=["Wrist"] + [f"{f}_{i}" for f in ("Thumb", "Index", "Middle", "Ring", "Pinky")
                           for i in (1, 2, 3, 4)],
        skeleton=[(0, 4 * f + 1) for f in range(5)]
                 + [(4 * f + i, 4 * f + i + 1) for f in range(5) for i in (1, 2, 3)],
        extra=[(4 * f + i, 4 * f + 4 + i) for i in (1, 2, 3, 4) for f in range(4)],
        root=0, target="mano", family="hand", evaluated=list(range(21))),
}


# ------------------------------------------------------------------ meshes
def icosphere(subdivisions):
    t = (1 + math.sqrt(5)) / 2
    pts = [(-1, t, 0), (1, t, 0), (-1, -t, 0), (1, -t, 0), (0, -1, t), (0, 1, t), (0, -1, -t),
           (0, 1, -t), (t, 0, -1), (t, 0, 1), (-t, 0, -1), (-t, 0, 1)]
    tris = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4),
            (11, 10, 2), (10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9),
            (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]
    pts = [np.array(p, float) / np.linalg.norm(p) for p in pts]
    for _ in range(subdivisions):
        mid, out = {}, []

        def middle(a, b):
            key = (min(a, b), max(a, b))
            if key not in mid:
                m = pts[a] + pts[b]
                mid[key] = len(pts)
                pts.append(m / np.linalg.norm(m))
            return mid[key]
        for a, b, c in tris:
            ab, bc, ca = middle(a, b), middle(b, c), middle(c, a)
            out += [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
        tris = out
    return np.array(pts), np.array(tris, np.int64)


def uvsphere(rings, segments):
    """rings*segments + 2 vertices, 2*rings*segments faces (82 x 84 has SMPL's 6890 / 13776)."""
    th = np.pi * (np.arange(rings) + 1) / (rings + 1)
    ph = 2 * np.pi * np.arange(segments) / segments
    v = np.stack([np.outer(np.sin(th), np.cos(ph)), np.outer(np.cos(th), np.ones(segments)),
                  np.outer(np.sin(th), np.sin(ph))], -1).reshape(-1, 3)
    north, south = len(v), len(v) + 1
    v = np.vstack([v, [[0, 1, 0], [0, -1, 0]]])
    f = []
    for s in range(segments):
        n = (s + 1) % segments
        f.append((north, n, s))
        f.append((south, (rings - 1) * segments + s, (rings - 1) * segments + n))
        for r in range(rings - 1):
            a, b = r * segments + s, r * segments + n
            f += [(a, b, b + segments), (a, b + segments, a + segments)]
    return v, np.array(f, np.int64)


def read_obj(path):
    v, f = [], []
    for line in open(path):
        w = line.split()
        if w[:1] == ["v"]:
            v.append([float(x) for x in w[1:4]])
        elif w[:1] == ["f"]:
            idx = [int(x.split("/")[0]) - 1 for x in w[1:]]
            f += [(idx[0], idx[i], idx[i + 1]) for i in range(1, len(idx) - 1)]
    return np.array(v), np.array(f, np.int64)


def flip_edges(faces, count, rng):
    """Random edge flips: the surface stays closed, the vertex degrees (4 and up) become irregular."""
    faces = [tuple(int(x) for x in f) for f in faces]
    owner, keys = {}, []
    degree = np.zeros(max(map(max, faces)) + 1, int)

    def link(i):
        for k in range(3):
            pair = (faces[i][k], faces[i][(k + 1) % 3])
            owner[pair] = i
            keys.append(pair)
    for i in range(len(faces)):
        link(i)
    for a, _ in owner:
        degree[a] += 1
    while count > 0:
        a, b = keys[int(rng.integers(len(keys)))]
        if (a, b) not in owner or (b, a) not in owner or min(degree[a], degree[b]) <= 4:
            continue
        i, j = owner[(a, b)], owner[(b, a)]
        c = next(x for x in faces[i] if x not in (a, b))
        d = next(x for x in faces[j] if x not in (a, b))
        if c == d or (c, d) in owner or (d, c) in owner:
            continue
        for f in (faces[i], faces[j]):
            for k in range(3):
                del owner[(f[k], f[(k + 1) % 3])]
        faces[i], faces[j] = (a, d, c), (d, b, c)
        link(i)
        link(j)
        degree[[a, b]] -= 1
        degree[[c, d]] += 1
        count -= 1
    return np.array(faces, np.int64)


# ------------------------------------------------------------------ orderings (S5.2)
def order_introsort(values):
    """Index sort that reproduces the scalar (non SIMD) introsort argsort of NumPy >= 1.13."""
    v = [float(x) for x in values]
    idx = list(range(len(v)))
    if len(v) < 2:
        return np.array(idx, np.int64)
    stack = []
    lo, hi, depth = 0, len(v) - 1, 2 * (len(v).bit_length() - 1)
    while True:
        heap = depth < 0
        if heap:
            _heap_order(v, idx, lo, hi)
        else:
            while hi - lo > 15:
                m = lo + ((hi - lo) >> 1)
                if v[idx[m]] < v[idx[lo]]:
                    idx[m], idx[lo] = idx[lo], idx[m]
                if v[idx[hi]] < v[idx[m]]:
                    idx[hi], idx[m] = idx[m], idx[hi]
                if v[idx[m]] < v[idx[lo]]:
                    idx[m], idx[lo] = idx[lo], idx[m]
                pivot = v[idx[m]]
                i, j = lo, hi - 1
                idx[m], idx[j] = idx[j], idx[m]
                while True:
                    i += 1
                    while v[idx[i]] < pivot:
                        i += 1
                    j -= 1
                    while pivot < v[idx[j]]:
                        j -= 1
                    if i >= j:
                        break
                    idx[i], idx[j] = idx[j], idx[i]
                idx[i], idx[hi - 1] = idx[hi - 1], idx[i]
                depth -= 1
                if i - lo < hi - i:               # larger side waits on the stack
                    stack.append((i + 1, hi, depth))
                    hi = i - 1
                else:
                    stack.append((lo, i - 1, depth))
                    lo = i + 1
            for i in range(lo + 1, hi + 1):       # insertion sort of the short rest
                keep, j = idx[i], i
                while j > lo and v[keep] < v[idx[j - 1]]:
                    idx[j] = idx[j - 1]
                    j -= 1
                idx[j] = keep
        if not stack:
            return np.array(idx, np.int64)
        lo, hi, depth = stack.pop()


def _heap_order(v, idx, lo, hi):
    n, off = hi - lo + 1, lo - 1

    def sift(root, size, item):
        child = 2 * root
        while child <= size:
            if child < size and v[idx[off + child]] < v[idx[off + child + 1]]:
                child += 1
            if not v[item] < v[idx[off + child]]:
                break
            idx[off + root] = idx[off + child]
            root, child = child, 2 * child
        idx[off + root] = item
    for r in range(n >> 1, 0, -1):
        sift(r, n, idx[off + r])
    for size in range(n - 1, 0, -1):
        item = idx[off + size + 1]
        idx[off + size + 1] = idx[off + 1]
        sift(1, size, item)


def order_stable(values):
    return np.argsort(np.asarray(values), kind="stable")


ORDERINGS = {"introsort": order_introsort, "stable": order_stable}


# ------------------------------------------------------------------ graphs (S5)
def joint_adjacency(spec):
    n = len(spec["names"])
    a = np.eye(n)
    for i, j in list(spec["skeleton"]) + list(spec["extra"]):
        a[i, j] = a[j, i] = 1.0
    return sp.csr_matrix(a)


def mesh_adjacency(faces):
    """S5.1: every face contributes the directed pairs 0->1, 1->2, 0->2."""
    n = int(faces.max()) + 1
    src = np.concatenate([faces[:, 0], faces[:, 1], faces[:, 0]])
    dst = np.concatenate([faces[:, 1], faces[:, 2], faces[:, 2]])
    count = sp.coo_matrix((np.ones(len(src)), (src, dst)), shape=(n, n)).tocsr()
    count.data = np.where(count.data > 1, count.data - 1, count.data)
    adj = count.maximum(count.T).tocsr()
    adj.sort_indices()
    if (np.diff(adj.indptr) == 0).any():
        raise ValueError("mesh has a vertex without an edge")
    return adj


def match_pairs(adj, order, degree):
    """One heavy-edge matching pass. Returns the parent id of every vertex."""
    ptr, nbr, w = adj.indptr.tolist(), adj.indices.tolist(), adj.data.tolist()
    parent, degree = [-1] * adj.shape[0], [float(x) for x in degree]
    first = [w[k] for k in ptr[:-1]]     # weight of the first stored entry of the row (S5.2 quirk)
    clusters, final = 0, adj.shape[0] - 1
    for u in [int(x) for x in order]:
        if parent[u] >= 0:
            continue
        best, best_score = -1, 0.0
        end = ptr[u + 1]
        if final > 0:                    # row-length quirk (S5.2): row 0 also sees the first entry
            end += (u == 0) - (u == final)   # of row 1, the final row does not see its last entry
        for e in range(ptr[u], end):
            x = nbr[e]
            if x == u or parent[x] >= 0:
                continue
            score = (2.0 * w[e] + first[u] + first[x]) * 1.0 / (degree[u] + degree[x] + 1e-9)
            if score > best_score:
                best, best_score = x, score
        parent[u] = clusters
        if best >= 0:
            parent[best] = clusters
        clusters += 1
    return np.array(parent, np.int64)


def coarsen(adj, levels, ordering="introsort"):
    """Returns per level: permuted adjacency (levels+1 of them), orders, parents."""
    order_of = ORDERINGS[ordering]
    graphs, parents = [adj], []
    for step in range(levels):
        g = graphs[-1]
        g.sort_indices()
        total = np.asarray(g.sum(axis=0)).ravel()
        degree = total - g.diagonal() if step == 0 else total
        p = match_pairs(g, order_of(total), degree)
        parents.append(p)
        m = sp.csr_matrix((np.ones(len(p)), (np.arange(len(p)), p)))
        nxt = (m.T @ g @ m).tocsr()
        nxt.eliminate_zeros()
        nxt.sort_indices()
        graphs.append(nxt)
    orders = [np.arange(graphs[-1].shape[0])]
    for p in reversed(parents):
        kids = [[] for _ in range(int(p.max()) + 1)]
        for child, parent in enumerate(p):
            kids[parent].append(child)
        fake, out = len(p), []
        for node in orders[0]:
            have = list(kids[node]) if node < len(kids) else []
            while len(have) < 2:
                have.append(fake)
                fake += 1
            out += have
        orders.insert(0, np.array(out))
    permuted = []
    for g, o in zip(graphs, orders):
        place = np.argsort(o, kind="stable")       # inverse permutation: node -> position
        c = g.tocoo()
        h = sp.csr_matrix((c.data, (place[c.row], place[c.col])), shape=(len(o), len(o)))
        h.sort_indices()
        permuted.append(h)
    return permuted, orders, parents


def normalised_laplacian(adj):
    d = np.asarray(adj.sum(axis=0)).ravel()
    inv = np.where(d > 0, 1.0 / np.sqrt(np.where(d > 0, d, 1.0)), 0.0)
    c = adj.tocoo()
    n = adj.shape[0]
    lap = sp.identity(n, format="csr") - sp.csr_matrix((inv[c.row] * c.data * inv[c.col], (c.row, c.col)),
                                                       shape=(n, n))
    lap = lap.tocsr()
    lap.sort_indices()
    return lap


def largest_eigenvalue(lap):
    n = lap.shape[0]
    if n <= 1500:
        return float(np.linalg.eigvalsh(lap.toarray())[-1])
    start = np.random.default_rng(0).standard_normal(n)
    return float(spla.eigsh(lap, k=1, which="LM", v0=start, return_eigenvectors=False)[0])


def rescale(lap, lmax):
    """The released code: L / (2 lmax) - I (NOT 2 L / lmax - I), see S5.4."""
    out = (lap * (1.0 / (2.0 * lmax)) - sp.identity(lap.shape[0], format="csr")).tocsr()
    out.sort_indices()
    return out


class Graphs:
    """Everything derived from the faces and the joint set."""

    def __init__(self, faces, spec, levels, ordering="introsort"):
        self.levels = levels
        self.adjacency, self.orders, self.parents = coarsen(mesh_adjacency(faces), levels, ordering)
        self.n_vertices = len(self.parents[0])
        laps = [normalised_laplacian(a) for a in self.adjacency[:levels]]
        self.lmax = [largest_eigenvalue(x) for x in laps]
        self.scaled = [rescale(x, m) for x, m in zip(laps, self.lmax)]
        self.joint = normalised_laplacian(joint_adjacency(spec))     # never rescaled, S5.4
        self.place = np.empty(len(self.orders[0]), np.int64)
        self.place[self.orders[0]] = np.arange(len(self.orders[0]))

    def operators(self, dtype):
        """Laplacian of block 0 (joints), then blocks 1..levels (levels-2 ... 0, 0)."""
        used = [self.joint] + [self.scaled[i] for i in range(self.levels - 2, -1, -1)] + [self.scaled[0]]
        cache = {}
        return [cache.setdefault(id(m), to_torch(m, dtype)) for m in used]


def to_torch(m, dtype):
    c = m.tocoo()
    t = torch.sparse_coo_tensor(np.stack([c.row, c.col]), torch.from_numpy(c.data.astype(np.float32)),
                                m.shape).to(dtype).coalesce()
    return t.to_sparse_csr() if dtype == torch.float32 else t


def channel_plan(family, levels, width):
    w, blocks = width, levels - 1
    if family == "hand":
        mid = [(4 * w,) * 3] * (blocks - 2) + [(4 * w, 2 * w, 2 * w)]
    else:
        mid = [(4 * w,) * 3] * (blocks - 4) + [(4 * w, 2 * w, 2 * w)] + [(2 * w,) * 3] * 2
    if blocks < (2 if family == "hand" else 4):
        raise ValueError("too few levels for this channel plan")
    return [(5, w // 2, w, w), (w, 2 * w, 4 * w)] + mid + [(2 * w, w, 3)]


# ------------------------------------------------------------------ network (S4, S6)
class SparseApply(torch.autograd.Function):
    """y = L x for a symmetric sparse L (gradient is again L g)."""

    @staticmethod
    def forward(ctx, lap, x):
        ctx.lap = lap
        return lap @ x

    @staticmethod
    def backward(ctx, g):
        return None, ctx.lap @ g


class Net:
    """Functional network; params/buffers are flat dicts with the upstream checkpoint names."""

    def __init__(self, cfg, operators):
        self.cfg, self.op = cfg, operators
        self.training, self.taps, self.new_buffers = True, OrderedDict(), OrderedDict()

    def norm(self, p, b, name, x):
        if self.cfg.get("fused"):                            # timing only, same arithmetic
            return torch.nn.functional.batch_norm(
                x, b[name + ".running_mean"], b[name + ".running_var"], p[name + ".weight"],
                p[name + ".bias"], self.training, BN_MOMENTUM, BN_EPS)
        if self.training:
            mean, var = x.mean(0), x.var(0, unbiased=False)
            n = x.shape[0]
            with torch.no_grad():
                self.new_buffers[name + ".running_mean"] = \
                    (1 - BN_MOMENTUM) * b[name + ".running_mean"] + BN_MOMENTUM * mean
                self.new_buffers[name + ".running_var"] = \
                    (1 - BN_MOMENTUM) * b[name + ".running_var"] + BN_MOMENTUM * var * n / (n - 1)
                self.new_buffers[name + ".num_batches_tracked"] = b[name + ".num_batches_tracked"] + 1
        else:
            mean, var = b[name + ".running_mean"], b[name + ".running_var"]
        return (x - mean) / torch.sqrt(var + BN_EPS) * p[name + ".weight"] + p[name + ".bias"]

    def lift(self, p, b, x, masks):
        pre = "pose_lifter."
        y = x @ p[pre + "w1.weight"].T + p[pre + "w1.bias"]
        k = 0
        for s in range(self.cfg["stages"]):
            q = f"{pre}linear_stages.{s}."
            z = y
            for half in ("1", "2"):
                z = torch.relu(self.norm(p, b, q + "batch_norm" + half, z))
                if self.training and masks is not None:
                    z = z * masks[k] / (1 - self.cfg["dropout"])
                k += 1
                z = z @ p[q + f"w{half}.weight"].T + p[q + f"w{half}.bias"]
            y = y + z
            self.taps[f"posenet_stage_{s}"] = y
        return y @ p[pre + "w2.weight"].T + p[pre + "w2.bias"]

    def graph_conv(self, lap, x, weight, bias):
        """x: V x B x F -> (V B) x F'. Column f*K + k of the checkpoint weight multiplies feature f of
        T_k (S6.1), so the slice [:, k::K] is the matrix of order k and nothing has to be interleaved."""
        v, n, f = x.shape
        t = [x.reshape(v, n * f)]
        t.append(SparseApply.apply(lap, t[0]))
        t.append(2 * SparseApply.apply(lap, t[1]) - t[0])
        y = bias
        for k in range(CHEB_K):
            y = y + t[k].reshape(v * n, f) @ weight[:, k::CHEB_K].T
        return y

    def mesh(self, p, b, x):
        pre, plan, idx = "pose2mesh.", self.cfg["channels"], 0
        last, n = len(plan) - 1, x.shape[0]
        x = x.transpose(0, 1).contiguous()                   # work on V x B x F throughout
        for i, chan in enumerate(plan):
            lap, skip = self.op[i], x
            for j in range(len(chan) - 1):
                y = self.graph_conv(lap, x, p[f"{pre}cl.{idx}.weight"], p[f"{pre}cl.{idx}.bias"])
                if not (i == last and j == len(chan) - 2):
                    y = torch.relu(self.norm(p, b, f"{pre}bn.{idx}", y))
                x = y.reshape(-1, n, chan[j + 1])
                idx += 1
            if i == 0:
                self.taps["block_0"] = x.transpose(0, 1)
                x = x.transpose(0, 1).reshape(n, -1) @ p[pre + "fc.weight"].T + p[pre + "fc.bias"]
                self.taps["fc"] = x.reshape(n, self.op[1].shape[0], plan[1][0])
                x = self.taps["fc"].transpose(0, 1).contiguous()
            elif i < last:
                x = x + channel_resample(skip, chan[-1])
                self.taps[f"block_{i}"] = x.transpose(0, 1)
                if i < last - 1:
                    x = x.repeat_interleave(2, dim=0)
        return x.transpose(0, 1)

    def __call__(self, p, b, pose2d, masks=None):
        self.taps, self.new_buffers = OrderedDict(), OrderedDict()
        n, j, _ = pose2d.shape
        pose3d = self.lift(p, b, pose2d.reshape(n, 2 * j), masks).reshape(n, j, 3)
        mesh = self.mesh(p, b, torch.cat([pose2d, pose3d.detach() / 1000], 2))
        return mesh, pose3d


def channel_resample(x, size):
    """Half-pixel-centre linear interpolation along the channel axis (align_corners = false)."""
    old = x.shape[2]
    if old == size:
        return x
    pos = (torch.arange(size, dtype=x.dtype) + 0.5) * (old / size) - 0.5
    pos = pos.clamp(min=0)
    lo = pos.floor().long().clamp(max=old - 1)
    hi = (lo + 1).clamp(max=old - 1)
    frac = pos - lo
    return x[:, :, lo] * (1 - frac) + x[:, :, hi] * frac


# ------------------------------------------------------------------ losses (S7)
def unit(v):
    return v / v.norm(dim=2, keepdim=True).clamp_min(1e-12)


def loss_terms(cfg, batch, faces, regressor, mesh_fine, pose3d, place):
    pred = mesh_fine[:, place]
    gt = batch["gt_mesh"]
    pred_joint = torch.matmul(regressor[None], pred * 1000)

    def masked(a, g, m):
        return (a * m - g * m).abs().mean()
    e = lambda x, i, j: x[:, faces[:, j]] - x[:, faces[:, i]]
    normal = unit(torch.cross(unit(e(gt, 0, 1)), unit(e(gt, 0, 2)), dim=2))
    pairs = ((0, 1), (0, 2), (1, 2))
    cosines = torch.cat([(unit(e(pred, i, j)) * normal).sum(2).abs() for i, j in pairs], 1)
    lengths = torch.cat([(e(pred, i, j).pow(2).sum(2).sqrt() - e(gt, i, j).pow(2).sum(2).sqrt()).abs()
                         for i, j in pairs], 1)
    w = cfg["loss_weights"]
    terms = OrderedDict(
        vertex=w["vertex"] * masked(pred, gt, batch["mesh_valid"]),
        normal=w["normal"] * cosines.mean(),
        edge=w["edge"] * lengths.mean(),
        joint=w["joint"] * masked(pred_joint, batch["gt_reg_pose3d"], batch["reg_pose3d_valid"]),
        lift=w["lift"] * masked(pose3d, batch["gt_lift_pose3d"], batch["lift_pose3d_valid"]))
    return terms, pred, pred_joint


def rmsprop_step(params, grads, state, lr, alpha, eps):
    for k, g in grads.items():
        state[k] = alpha * state.get(k, torch.zeros_like(g)) + (1 - alpha) * g * g
        params[k] = params[k] - lr * g / (state[k].sqrt() + eps)


# ------------------------------------------------------------------ metrics (S9)
def procrustes(a, b):
    """Similarity transform of a (n,3) onto b."""
    ca, cb = a.mean(0), b.mean(0)
    u, s, vt = np.linalg.svd((a - ca).T @ (b - cb) / len(a))
    sign = np.ones(3)
    if np.linalg.det(vt.T @ u.T) < 0:
        sign[-1] = -1
    rot = vt.T @ np.diag(sign) @ u.T
    scale = (s * sign).sum() / a.var(0).sum()
    return scale * (a - ca) @ rot.T + cb


def f_score(a, b, th):
    d = np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))
    r, p = (d.min(1) < th).mean(), (d.min(0) < th).mean()
    return 0.0 if r + p == 0 else 2 * r * p / (r + p)


def metrics(pred_mesh, gt_mesh, regressor, root, evaluated):
    """Meshes in metres, results in millimetres."""
    out = {k: [] for k in ("mpjpe", "pa_mpjpe", "mpvpe", "pa_mpvpe", "f5", "f15")}
    for p, g in zip(pred_mesh * 1000, gt_mesh * 1000):
        jp, jg = regressor @ p, regressor @ g
        p, g, jp, jg = p - jp[root], g - jg[root], jp - jp[root], jg - jg[root]
        jp, jg = jp[evaluated], jg[evaluated]
        dist = lambda x, y: np.sqrt(((x - y) ** 2).sum(1)).mean()
        out["mpjpe"].append(dist(jp, jg))
        out["pa_mpjpe"].append(dist(procrustes(jp, jg), jg))
        out["mpvpe"].append(dist(p, g))
        aligned = procrustes(p, g)
        out["pa_mpvpe"].append(dist(aligned, g))
        out["f5"].append(f_score(g, aligned, 5.0))
        out["f15"].append(f_score(g, aligned, 15.0))
    return {k: float(np.mean(v)) for k, v in out.items()}


# ------------------------------------------------------------------ 2D input (S3)
def prepare_2d(joint_img):
    """Pixels (J,2) -> tight box -> working box -> crop affine -> standardised pose."""
    lo, hi = joint_img.min(0), joint_img.max(0)
    w, h = hi - lo
    x1, y1, bw, bh = lo[0], lo[1], w - 1, h - 1
    cx, cy = x1 + bw / 2, y1 + bh / 2
    ratio = INPUT_W / INPUT_H
    if bw > ratio * bh:
        bh = bw / ratio
    elif bw < ratio * bh:
        bw = bh * ratio
    box = np.array([cx - bw / 2, cy - bh / 2, bw, bh])
    s = INPUT_W / bw
    affine = np.array([[s, 0, INPUT_W / 2 - s * cx], [0, s, INPUT_H / 2 - s * cy]])
    crop = joint_img @ affine[:, :2].T + affine[:, 2]
    unit_crop = crop / np.array([INPUT_W, INPUT_H])
    pose = (unit_crop - unit_crop.mean(0)) / unit_crop.std(0)
    return box, affine, crop, pose


# ------------------------------------------------------------------ fixture data
def save_file(tensors, path, metadata):
    """safetensors writer with a fixed key order, so that equal inputs give equal bytes."""
    kinds = {"float32": "F32", "int32": "I32", "int64": "I64"}
    arrays = {k: np.ascontiguousarray(v) for k, v in tensors.items()}
    names = sorted(arrays, key=lambda k: (-arrays[k].dtype.itemsize, k))
    header, at = {"__metadata__": metadata}, 0
    for k in names:
        a = arrays[k]
        shape = list(np.shape(tensors[k]))
        header[k] = dict(dtype=kinds[a.dtype.name], shape=shape, data_offsets=[at, at + a.nbytes])
        at += a.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        for k in names:
            out.write(arrays[k].astype(arrays[k].dtype.newbyteorder("<")).tobytes())


def f32(x):
    return np.asarray(x, np.float64).astype(np.float32)


def make_batch(verts, spec, target, batch, rng, train):
    hand = spec["family"] == "hand"
    size = np.array([0.045, 0.09, 0.02]) if hand else np.array([0.28, 0.86, 0.17])
    base = verts / np.abs(verts).max(0) * size
    n = len(base)

    def regressor(rows):
        out = np.zeros((rows, n))
        for r in range(rows):
            c = base[int(rng.integers(n))]
            near = np.argsort(((base - c) ** 2).sum(1), kind="stable")[:6]
            w = rng.uniform(0.2, 1.0, len(near))
            out[r, near] = w / w.sum()
        return out
    lift_is_target = spec is target
    reg = f32(regressor(len(target["names"]))).astype(np.float64)
    n_in = len(spec["names"])
    lift_reg = reg if lift_is_target else f32(regressor(n_in - 2)).astype(np.float64)
    meshes, reg3d, lift3d, img = [], [], [], []
    for _ in range(batch):
        ang = rng.uniform(-0.6, 0.6)
        rot = np.array([[math.cos(ang), 0, math.sin(ang)], [0, 1, 0], [-math.sin(ang), 0, math.cos(ang)]])
        wave = sum(np.sin(base / size @ rng.normal(0, 2, (3, 3)) + rng.uniform(0, 6, 3)) * size * 0.15
                   for _ in range(3))
        m = (base * rng.uniform(0.85, 1.15, 3) + wave) @ rot.T + rng.normal(0, 0.01, base.shape) * size
        jl = lift_reg @ m
        if not lift_is_target:                               # midpoints of hips and shoulders
            jl = np.vstack([jl, (jl[11] + jl[12]) / 2, (jl[5] + jl[6]) / 2])
        jr = reg @ m
        depth, focal, centre = (0.7, 480.0, 112.0) if hand else (5.0, 1145.0, 512.0)
        uv = focal * jl[:, :2] / (jl[:, 2:] + depth) + centre + rng.normal(0, 2.0, (n_in, 2))
        meshes.append(m - jr[target["root"]])
        reg3d.append((jr - jr[target["root"]]) * 1000)
        lift3d.append((jl - jl[spec["root"]]) * 1000)
        img.append(uv)
    img = f32(img)
    prep = [prepare_2d(x.astype(np.float64)) for x in img]
    valid = np.ones((batch, 1, 1), np.float32)
    bad = valid.copy()
    if train:
        bad[-1] = 0                                          # one sample with a rejected mesh fit
    ones = lambda v, k: np.repeat(v, k, 1)
    d = OrderedDict(
        joint_img=img, bbox=f32([p[0] for p in prep]), affine=f32([p[1] for p in prep]),
        joint_crop=f32([p[2] for p in prep]), pose2d=f32([p[3] for p in prep]),
        gt_mesh=f32(meshes), gt_reg_pose3d=f32(reg3d), gt_lift_pose3d=f32(lift3d),
        mesh_valid=ones(bad, n), reg_pose3d_valid=ones(valid, len(target["names"])),
        lift_pose3d_valid=ones(bad if not lift_is_target else valid, n_in))
    return d, f32(reg)


def init_params(cfg, n_joints, first_nodes, rng, plain=False):
    """Upstream layer shapes and initial ranges; `plain=False` also perturbs biases and BN."""
    p, b = OrderedDict(), OrderedDict()

    def linear(name, fin, fout, bound=None, gain=1.0):
        r = 1 / math.sqrt(fin)
        p[name + ".weight"] = f32(rng.uniform(-(bound or r), bound or r, (fout, fin)) * gain)
        zero = plain and bound is not None
        p[name + ".bias"] = f32(np.zeros(fout) if zero else rng.uniform(-r, r, fout) * gain)

    def bn(name, n):
        p[name + ".weight"] = f32(np.ones(n) if plain else rng.uniform(0.5, 1.5, n))
        p[name + ".bias"] = f32(np.zeros(n) if plain else rng.normal(0, 0.2, n))
        b[name + ".running_mean"] = f32(np.zeros(n) if plain else rng.normal(0, 0.2, n))
        b[name + ".running_var"] = f32(np.ones(n) if plain else rng.uniform(0.5, 1.5, n))
        b[name + ".num_batches_tracked"] = np.array(0 if plain else 7, np.int64)
    h, pre = cfg["hidden"], "pose_lifter."
    linear(pre + "w1", 2 * n_joints, h)
    bn(pre + "batch_norm1", h)                               # present in checkpoints, never used
    for s in range(cfg["stages"]):
        for half in "12":
            linear(f"{pre}linear_stages.{s}.w{half}", h, h)
            bn(f"{pre}linear_stages.{s}.batch_norm{half}", h)
    linear(pre + "w2", h, 3 * n_joints, gain=1.0 if plain else 300.0)
    plan, idx, pre = cfg["channels"], 0, "pose2mesh."
    linear(pre + "fc", n_joints * plan[0][-1], first_nodes * plan[1][0])
    for i, chan in enumerate(plan):
        for j in range(len(chan) - 1):
            fin, fout = CHEB_K * chan[j], chan[j + 1]
            linear(f"{pre}cl.{idx}", fin, fout, bound=math.sqrt(2.0 / (fin + fout)))
            if not (i == len(plan) - 1 and j == len(chan) - 2):
                bn(f"{pre}bn.{idx}", fout)
            idx += 1
    return p, b


def noise_only_biases(cfg):
    """Biases that feed straight into a train-mode BatchNorm: exact gradient is zero."""
    out = [f"pose_lifter.linear_stages.{s}.w1.bias" for s in range(cfg["stages"])]
    idx, plan = 0, cfg["channels"]
    n = sum(len(c) - 1 for c in plan)
    return out + [f"pose2mesh.cl.{i}.bias" for i in range(n - 1)]


def run(cfg, ops_of, faces, place, params, buffers, batch, regressor, masks, mode, dtype):
    t = lambda x: torch.from_numpy(np.array(x)).to(dtype)
    p = OrderedDict((k, t(v).requires_grad_(mode == "train")) for k, v in params.items())
    b = OrderedDict((k, t(v) if v.dtype != np.int64 else torch.from_numpy(np.array(v))) for k, v in buffers.items())
    data = {k: t(v) for k, v in batch.items()}
    net = Net(cfg, ops_of(dtype))
    net.training = mode == "train"
    mesh, pose3d = net(p, b, data["pose2d"], [t(m) for m in masks] if masks is not None else None)
    terms, pred, pj = loss_terms(cfg, data, torch.from_numpy(faces), t(regressor), mesh, pose3d,
                                 torch.from_numpy(place))
    total = sum(terms.values())
    out = dict(mesh_permuted=mesh, mesh=pred, pose3d=pose3d, joints=pj, taps=net.taps, terms=terms, total=total)
    out["lift_only"] = terms["lift"] / cfg["loss_weights"]["lift"]
    if mode == "train":
        names = [k for k in p if not k.startswith("pose_lifter.batch_norm1.")]
        grads = OrderedDict(zip(names, torch.autograd.grad(total, [p[k] for k in names])))
        after, state = OrderedDict((k, v.detach().clone()) for k, v in p.items()), {}
        rmsprop_step(after, grads, state, **RMS)
        after_b = OrderedDict(b)
        after_b.update(net.new_buffers)
        out.update(grads=grads, after=after, after_buffers=after_b)
    return out


def store_graph(dst, prefix, g, with_weights):
    def sparse(name, m):
        c = m.tocsr()
        c.sort_indices()
        co = c.tocoo()
        dst[name + "/row"], dst[name + "/col"] = co.row.astype(np.int32), co.col.astype(np.int32)
        dst[name + "/indptr"] = c.indptr.astype(np.int32)
        return co.data
    for i in range(g.levels):
        if with_weights:
            dst[f"{prefix}/{i}/adjacency/val"] = f32(sparse(f"{prefix}/{i}/adjacency", g.adjacency[i]))
        dst[f"{prefix}/{i}/val"] = f32(sparse(f"{prefix}/{i}", g.scaled[i]))
        dst[f"{prefix}/{i}/perm"] = g.orders[i].astype(np.int32)
        dst[f"{prefix}/{i}/parents"] = g.parents[i].astype(np.int32)
        dst[f"{prefix}/{i}/lmax"] = f32([g.lmax[i]])
    dst[f"{prefix}/joint/val"] = f32(sparse(f"{prefix}/joint", g.joint))
    dst[f"{prefix}/perm_reverse"] = g.place.astype(np.int32)


def load_mesh(args, rng):
    if args.mesh == "icosphere":
        v, f = icosphere(args.subdivisions)
    elif args.mesh == "uvsphere":
        v, f = uvsphere(args.subdivisions, args.subdivisions + 2)
    else:
        v, f = read_obj(args.mesh)
    if args.flips:
        f = flip_edges(f, args.flips, rng)
    return v, f


def make(args):
    torch.set_num_threads(1)
    rng = np.random.default_rng(args.seed)
    spec = JOINT_SETS[args.joints]
    target = JOINT_SETS[spec["target"]]
    verts, faces = load_mesh(args, rng)
    levels = args.levels or (4 if spec["family"] == "hand" else 5)
    g = Graphs(faces, spec, levels, args.ordering)
    n_vert, n_j = g.n_vertices, len(spec["names"])
    width = args.width
    cfg = OrderedDict(
        joints=args.joints, target_joints=spec["target"], joint_count=n_j, joint_names=spec["names"],
        skeleton=spec["skeleton"], extra_edges=spec["extra"], lift_root=spec["root"],
        target_root=target["root"], evaluated_joints=target["evaluated"], vertices=n_vert,
        faces=len(faces), levels=levels, level_sizes=[len(o) for o in g.orders], ordering=args.ordering,
        laplacian_rescale="L / (2 * lmax) - I for mesh levels; joint Laplacian not rescaled",
        lmax=g.lmax, cheb_k=CHEB_K, batch=args.batch, seed=args.seed, mesh=args.mesh.split("/")[-1],
        subdivisions=args.subdivisions, flips=args.flips, bn_eps=BN_EPS, bn_momentum=BN_MOMENTUM,
        input_shape=[INPUT_H, INPUT_W], precision="float64 arithmetic, float32 storage")
    out = OrderedDict()
    out["input/faces"] = faces.astype(np.int32)
    meta = dict(model="pose2mesh", mode=args.mode)
    if args.mode == "coarsen":
        store_graph(out, "graph", g, True)
        if args.ordering == "introsort":
            other = Graphs(faces, spec, levels, "stable")
            cfg["stable_level_sizes"] = [len(o) for o in other.orders]
            store_graph(out, "graph_stable", other, False)
        meta["config"] = json.dumps(cfg)
        save_file(out, args.out, meta)
        print(json.dumps(dict(out=args.out.split("/")[-1], vertices=n_vert, level_sizes=cfg["level_sizes"])))
        return
    cfg.update(block_graph=["joint"] + list(range(levels - 2, -1, -1)) + [0], family=spec["family"], width=width, stages=2, loss_weights=WEIGHTS,
               hidden=args.hidden or (4096 if width == 64 else 4 * width),
               channels=channel_plan(spec["family"], levels, width),
               dropout=args.dropout if args.mode == "train" else 0.0, optimizer=dict(name="rmsprop", **RMS),
               edge_loss="included", detach_pose3d=True)
    batch, reg = make_batch(verts, spec, target, args.batch, rng, args.mode == "train")
    first = g.scaled[levels - 2].shape[0]
    params, buffers = init_params(cfg, n_j, first, rng)
    masks = None
    if args.mode == "train" and args.dropout > 0:
        masks = [(rng.uniform(size=(args.batch, cfg["hidden"])) >= args.dropout).astype(np.float32)
                 for _ in range(2 * cfg["stages"])]
    place = g.place[:n_vert]
    both = {}
    for dtype in (torch.float64, torch.float32):
        both[dtype] = run(cfg, g.operators, faces, place, params, buffers, batch, reg, masks, args.mode, dtype)
    r = both[torch.float64]
    a = lambda x: f32(x.detach().numpy())
    for k, v in batch.items():
        out["input/" + k] = v
    out["input/joint_regressor"] = reg
    if masks is not None:
        for i, m in enumerate(masks):
            out[f"input/dropout_mask_{i}"] = m
    store_graph(out, "graph", g, False)
    for k, v in list(params.items()) + list(buffers.items()):
        out["param/" + k] = v
    for k in ("mesh_permuted", "mesh", "pose3d", "joints"):
        out["output/" + k] = a(r[k])
    for k, v in r["taps"].items():
        out["output/" + k] = a(v)
    for k, v in r["terms"].items():
        out["loss/" + k] = a(v)
    out["loss/total"], out["loss/posenet_pretrain"] = a(r["total"]), a(r["lift_only"])
    rel = lambda x, y: float(((x.double() - y.double()).norm() / (y.double().norm() + 1e-300)).detach())
    s = both[torch.float32]
    check = {k: rel(s[k], r[k]) for k in ("mesh_permuted", "pose3d", "joints", "total")}
    if args.mode == "train":
        skip = set(noise_only_biases(cfg))
        for k, v in r["grads"].items():
            out["grad/" + k] = a(v)
        for k, v in list(r["after"].items()) + list(r["after_buffers"].items()):
            out["after/" + k] = a(v) if v.is_floating_point() else v.numpy()
        errs = {k: rel(s["grads"][k], v) for k, v in r["grads"].items() if k not in skip}
        check["grad_worst"] = max(errs.values())
        check["grad_worst_name"] = max(errs, key=errs.get)
        cfg["zero_gradient_biases"] = sorted(skip)
        out["input/optimizer_step_lr"] = f32([RMS["lr"]])
    else:
        noise = rng.normal(0, 0.006, batch["gt_mesh"].shape) * (0.5 if spec["family"] == "hand" else 3)
        pred = f32(batch["gt_mesh"].astype(np.float64) * 1.04 + noise + 0.01)
        out["input/metric_pred_mesh"] = pred
        for k, v in metrics(pred.astype(np.float64), batch["gt_mesh"].astype(np.float64), reg.astype(np.float64),
                            target["root"], target["evaluated"]).items():
            out["metric/" + k] = f32([v])
    check = {k: float(f"{v:.1e}") if isinstance(v, float) else v for k, v in check.items()}
    cfg["float32_vs_float64"] = check
    meta["config"] = json.dumps(cfg)
    save_file(out, args.out, meta)
    print(json.dumps(dict(out=args.out.split("/")[-1], tensors=len(out), level_sizes=cfg["level_sizes"],
                          losses={k: float(v.detach()) for k, v in r["terms"].items()}, check=check)))


# ------------------------------------------------------------------ timing
def timing(args):
    torch.set_num_threads(args.threads)
    rng = np.random.default_rng(0)
    if args.vertices_like == "smpl":
        spec, levels = JOINT_SETS["human36"], 9
        verts, faces = uvsphere(82, 84)                     # SMPL's 6890 vertices, 13776 faces
        faces = flip_edges(faces, args.flips, np.random.default_rng(args.flip_seed))
    else:
        spec, levels = JOINT_SETS["mano"], 6
        verts, faces = uvsphere(24, 32)                     # 770 vertices, close to MANO's 778
    target = JOINT_SETS[spec["target"]]
    t0 = time.perf_counter()
    g = Graphs(faces, spec, levels)
    graph_s = time.perf_counter() - t0
    cfg = dict(fused=True, stages=2, hidden=args.hidden, dropout=DROPOUT_P, loss_weights=WEIGHTS,
               channels=channel_plan(spec["family"], levels, args.width))
    params, buffers = init_params(cfg, len(spec["names"]), g.scaled[levels - 2].shape[0], rng, plain=True)
    n_pose = sum(v.size for k, v in params.items() if k.startswith("pose_lifter"))
    n_mesh = sum(v.size for k, v in params.items() if k.startswith("pose2mesh"))
    dt = torch.float32
    p = OrderedDict((k, torch.from_numpy(v).requires_grad_()) for k, v in params.items())
    b = OrderedDict((k, torch.from_numpy(np.array(v))) for k, v in buffers.items())
    batch, reg = make_batch(verts, spec, target, args.batch, rng, False)
    data = {k: torch.from_numpy(v) for k, v in batch.items()}
    regt, ft, place = torch.from_numpy(reg), torch.from_numpy(faces), torch.from_numpy(g.place[:g.n_vertices])
    net = Net(cfg, g.operators(dt))
    names = [k for k in p if not k.startswith("pose_lifter.batch_norm1.")]
    state, steps = {}, []
    for i in range(args.steps + 1):  # the first step is warm-up
        t0 = time.perf_counter()
        net.training = True
        masks = [(torch.rand(args.batch, args.hidden) >= DROPOUT_P).to(dt) for _ in range(4)]
        mesh, pose3d = net(p, b, data["pose2d"], masks)
        terms, _, _ = loss_terms(cfg, data, ft, regt, mesh, pose3d, place)
        grads = torch.autograd.grad(sum(terms.values()), [p[k] for k in names])
        with torch.no_grad():
            for k, gr in zip(names, grads):
                v = state.setdefault(k, torch.zeros_like(gr))
                v.mul_(RMS["alpha"]).addcmul_(gr, gr, value=1 - RMS["alpha"])
                p[k].addcdiv_(gr, v.sqrt().add_(RMS["eps"]), value=-RMS["lr"])
        b.update(net.new_buffers)
        if i:
            steps.append(time.perf_counter() - t0)
        del mesh, pose3d, terms, grads
    peak_train = int(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("VmHWM"))) * 1024
    net.training, fwd = False, {}
    with torch.no_grad():
        for n in (1, args.batch):
            x, ts = data["pose2d"][:n], []
            for _ in range(args.steps):
                t0 = time.perf_counter()
                net(p, b, x)
                ts.append(time.perf_counter() - t0)
            fwd[n] = statistics.median(ts)
    print(json.dumps(dict(
        model="pose2mesh", like=args.vertices_like, vertices=g.n_vertices, faces=len(faces),
        level_sizes=[len(o) for o in g.orders], threads=args.threads, batch=args.batch, hidden=args.hidden,
        width=args.width, params_posenet=n_pose, params_meshnet=n_mesh, graph_build_s=round(graph_s, 3),
        median_s=round(statistics.median(steps), 4), train_steps=[round(x, 4) for x in steps],
        forward_batch1_s=round(fwd[1], 4), forward_batch_s=round(fwd[args.batch], 4),
        peak_rss_bytes=peak_train, torch=torch.__version__)))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = ap.add_subparsers(dest="command", required=True)
    m = sub.add_parser("make")
    m.add_argument("--seed", type=int, default=0)
    m.add_argument("--mesh", default="icosphere")
    m.add_argument("--subdivisions", type=int, default=2)
    m.add_argument("--flips", type=int, default=0, help="random edge flips (irregular degrees)")
    m.add_argument("--joints", choices=sorted(JOINT_SETS), default="human36")
    m.add_argument("--batch", type=int, default=6)
    m.add_argument("--mode", choices=("train", "eval", "coarsen"), default="train")
    m.add_argument("--width", type=int, default=4, help="MeshNet base width (64 = published network)")
    m.add_argument("--hidden", type=int, default=0, help="PoseNet width (0: 4096 at width 64, else 4*width)")
    m.add_argument("--levels", type=int, default=0, help="coarsening levels (9 body, 6 hand upstream)")
    m.add_argument("--dropout", type=float, default=DROPOUT_P, help="0 disables; else masks are stored")
    m.add_argument("--ordering", choices=sorted(ORDERINGS), default="introsort")
    m.add_argument("--out", required=True)
    t = sub.add_parser("time")
    t.add_argument("--vertices-like", choices=("smpl", "mano"), default="smpl")
    t.add_argument("--batch", type=int, default=64)
    t.add_argument("--threads", type=int, default=2)
    t.add_argument("--steps", type=int, default=3)
    t.add_argument("--width", type=int, default=64)
    t.add_argument("--hidden", type=int, default=4096)
    t.add_argument("--flips", type=int, default=2000)
    t.add_argument("--flip-seed", type=int, default=0)
    args = ap.parse_args()
    make(args) if args.command == "make" else timing(args)


if __name__ == "__main__":
    main()
