#!/usr/bin/env python3
"""Reference oracle for MAPConNet and its 3D-CoreNet baseline (PyTorch, CPU).

Independent implementation of the model; section numbers in comments refer to its specification.

  make  writes a fixture: inputs, parameters, outputs, losses, gradients and the
        parameters after one optimiser step.
  time  measures a training step and a forward pass on synthetic meshes.

Needs: torch, numpy.
"""
import argparse
import json
import math
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

CORR, GEN = "net.netCorr.", "net.netG."
BLOCKS = (("elain_block1", 16), ("elain_block2", 8), ("elain_block3", 4))


def config(model="mapconnet", ngf=64, id_dim=None):
    channels = 4 * ngf
    cfg = dict(
        model=model, ngf=ngf, feature_channels=channels, match_channels=channels,
        id_dim=channels if model == "corenet" else (id_dim or channels // 2),
        residual_blocks=4, leaky_slope=0.2, prelu_init=0.25, output_scale=2.0,
        instance_norm_eps=1e-5, elain_eps=1e-5, l2_eps=sys.float_info.epsilon,
        sinkhorn_temperature=0.03, sinkhorn_iterations=5, sinkhorn_eps=1e-8,
        spectral_iterations=1, spectral_eps=1e-12,
        lambda_rec=1000.0, lambda_edge=0.5, lambda_mesh=1.0, lambda_point=1.0,
        margin_mesh=1.0, margin_point=1.0,
        lr=1e-4, beta1=0.0, beta2=0.9, adam_eps=1e-3, weight_decay=0.0,
        epochs_constant=100, epochs_decay=100)
    if model == "corenet":
        cfg.update(lambda_mesh=0.0, lambda_point=0.0)
    return cfg


# ---------------------------------------------------------------- parameters

def layout(cfg):
    """(name, shape, role) of every parameter and buffer, upstream names."""
    n, c, m, s = cfg["ngf"], cfg["feature_channels"], cfg["match_channels"], cfg["id_dim"]
    rows = []

    def conv(name, cout, cin, k=1, bias=True, spectral=False):
        if spectral:
            rows.append((name + ".weight_orig", (cout, cin, k), "spectral"))
            rows.append((name + ".weight_u", (cout,), "unit"))
            rows.append((name + ".weight_v", (cin * k,), "unit"))
        else:
            rows.append((name + ".weight", (cout, cin, k), "weight"))
        if bias:
            rows.append((name + ".bias", (cout,), "bias"))

    for i, (o, j) in enumerate(((n, 3), (2 * n, n), (4 * n, 2 * n)), 1):
        conv(f"{CORR}adaptive_feature.layer{i}", o, j)
    for b in range(cfg["residual_blocks"]):
        conv(f"{CORR}layer.{b}.conv1", c, c)
        rows.append((f"{CORR}layer.{b}.prelu.weight", (1,), "prelu"))
        conv(f"{CORR}layer.{b}.conv2", c, c)
    conv(CORR + "phi", m, c)
    conv(CORR + "theta", m, c)
    conv(GEN + "fc", 16 * n, 3, k=3)
    conv(GEN + "conv1", 16 * n, 16 * n)
    conv(GEN + "conv2", 8 * n, 16 * n)
    conv(GEN + "conv3", 4 * n, 8 * n)
    conv(GEN + "conv4", 3, 4 * n)
    for block, mult in BLOCKS:
        w = mult * n
        for tag, bias in (("0", True), ("1", True), ("s", False)):
            conv(f"{GEN}{block}.conv_{tag}", w, w, bias=bias, spectral=True)
        for tag in "01s":
            base = f"{GEN}{block}.norm_{tag}."
            conv(base + "mlp_same", w, s)
            conv(base + "mlp_gamma", w, w)
            conv(base + "mlp_beta", w, w)
            conv(base + "mlp_weight", w, 2 * w)
    return rows


def draw(cfg, rng, init):
    """Initial values as float32. `generic` is a well-scaled draw that exercises every
    parameter (non-zero biases, power iterates part-way to convergence); `upstream`
    follows the GPU initialisation (section 5)."""
    params, buffers = {}, {}
    for name, shape, role in layout(cfg):
        z = rng.standard_normal(shape)
        if role == "unit":
            buffers[name] = (z / np.linalg.norm(z)).astype(np.float32)
            continue
        if role in ("weight", "spectral"):
            fan_in, fan_out = shape[1] * shape[2], shape[0] * shape[2]
            if init == "generic":
                z = z * (0.1 if name.startswith(GEN + "conv4") else 1.0) / math.sqrt(fan_in)
            elif role == "weight":
                z = z * 0.02 * math.sqrt(2.0 / (fan_in + fan_out))
            else:
                z = rng.uniform(-1, 1, shape) / math.sqrt(fan_in)
        elif role == "bias":
            z = 0.1 * z if init == "generic" else 0.0 * z
        else:
            z = rng.uniform(0.1, 0.4, shape) if init == "generic" else np.full(shape, cfg["prelu_init"])
        params[name] = z.astype(np.float32)
    if init == "generic":
        for name in [k for k in params if k.endswith(".weight_orig")]:
            base, mat = name[:-5], params[name].reshape(params[name].shape[0], -1).astype(np.float64)
            u = buffers[base + "_u"].astype(np.float64)
            for _ in range(2):
                v = mat.T @ u / np.linalg.norm(mat.T @ u)
                u = mat @ v / np.linalg.norm(mat @ v)
            buffers[base + "_u"], buffers[base + "_v"] = u.astype(np.float32), v.astype(np.float32)
    return params, buffers


# ------------------------------------------------------------------- network

class Net:
    def __init__(self, cfg, params, buffers, dtype):
        self.cfg, self.training = cfg, True
        self.p = {k: torch.tensor(v, dtype=dtype).requires_grad_() for k, v in params.items()}
        self.b = {k: torch.tensor(v, dtype=dtype) for k, v in buffers.items()}

    def conv(self, x, name):
        w = self.p[name + ".weight"]
        return F.conv1d(x, w, self.p[name + ".bias"], padding=w.shape[2] // 2)

    def spectral_conv(self, x, name):                                # section 3.5
        cfg, w = self.cfg, self.p[name + ".weight_orig"]
        mat, u, v = w.flatten(1), self.b[name + ".weight_u"], self.b[name + ".weight_v"]
        if self.training:
            with torch.no_grad():
                for _ in range(cfg["spectral_iterations"]):
                    v = F.normalize(mat.t() @ u, dim=0, eps=cfg["spectral_eps"])
                    u = F.normalize(mat @ v, dim=0, eps=cfg["spectral_eps"])
            self.b[name + ".weight_u"], self.b[name + ".weight_v"] = u, v
        return F.conv1d(x, w / (u @ (mat @ v)), self.p.get(name + ".bias"))

    def inorm(self, x):
        return F.instance_norm(x, eps=self.cfg["instance_norm_eps"])

    def unit(self, x):
        return x / (x.norm(dim=1, keepdim=True) + self.cfg["l2_eps"])

    def lrelu(self, x):
        return F.leaky_relu(x, self.cfg["leaky_slope"])

    def encode(self, points):                                        # section 3.1
        h = points
        for i in (1, 2, 3):
            h = self.inorm(self.conv(h if i == 1 else self.lrelu(h), f"{CORR}adaptive_feature.layer{i}"))
        h = self.unit(h)
        for b in range(self.cfg["residual_blocks"]):
            name = f"{CORR}layer.{b}."
            slope = self.p[name + "prelu.weight"]
            r = F.prelu(self.inorm(self.conv(h, name + "conv1")), slope)
            h = F.prelu(self.inorm(self.conv(r, name + "conv2")) + h, slope)
        return h

    def transport(self, f_id, f_pose):                               # section 3.2
        cfg = self.cfg
        q, k = self.unit(self.conv(f_id, CORR + "theta")), self.unit(self.conv(f_pose, CORR + "phi"))
        kernel = torch.exp((torch.bmm(q.transpose(1, 2), k) - 1.0) / cfg["sinkhorn_temperature"])
        _, n_id, n_pose = kernel.shape
        a = kernel.new_full((kernel.shape[0], n_id, 1), 1.0 / n_id)
        for _ in range(cfg["sinkhorn_iterations"]):
            b = (1.0 / n_pose) / (torch.bmm(kernel.transpose(1, 2), a) + cfg["sinkhorn_eps"])
            a = (1.0 / n_id) / (torch.bmm(kernel, b) + cfg["sinkhorn_eps"])
        plan = a * kernel * b.transpose(1, 2)
        return plan / plan.sum(dim=2, keepdim=True)

    def elain(self, x, style, name):                                 # section 3.4
        s = self.conv(style, name + ".mlp_same")
        mean = x.mean(2, keepdim=True)
        std = (x.var(2, keepdim=True, unbiased=True) + self.cfg["elain_eps"]).sqrt()
        gate = self.conv(torch.cat((s.mean(2, keepdim=True), mean), 1), name + ".mlp_weight")
        gamma = gate * self.conv(s, name + ".mlp_gamma") + (1 - gate) * std
        beta = gate * self.conv(s, name + ".mlp_beta") + (1 - gate) * mean
        return (x - mean) / std * (1 + gamma) + beta

    def refine(self, f_id, warped):                                  # section 3.3
        style = f_id[:, :self.cfg["id_dim"]]
        x = self.conv(self.conv(warped.transpose(1, 2), GEN + "fc"), GEN + "conv1")
        for i, (block, _) in enumerate(BLOCKS):
            name = GEN + block
            if i:
                x = self.conv(x, f"{GEN}conv{i + 1}")
            skip = self.spectral_conv(self.lrelu(self.elain(x, style, name + ".norm_s")), name + ".conv_s")
            y = self.spectral_conv(self.lrelu(self.elain(x, style, name + ".norm_0")), name + ".conv_0")
            y = self.spectral_conv(self.lrelu(self.elain(y, style, name + ".norm_1")), name + ".conv_1")
            x = skip + y
        return self.cfg["output_scale"] * torch.tanh(self.conv(x, GEN + "conv4"))


# -------------------------------------------------------------------- losses

def rec_loss(cfg, out, target):                                      # section 4.1
    return cfg["lambda_rec"] * ((out - target) ** 2).mean()


def edge_loss(cfg, out, reference, faces):                           # section 4.2
    total = 0.0
    for o, r, f in zip(out.transpose(1, 2), reference.transpose(1, 2), faces):
        for i, j in ((0, 1), (1, 2), (0, 2)):
            length = (o[f[:, i]] - o[f[:, j]]).square().sum(1).sqrt()
            target = (r[f[:, i]] - r[f[:, j]]).square().sum(1).sqrt()
            total = total + (length / target - 1).abs().mean()
    return cfg["lambda_edge"] * total / out.shape[0]


def triplet(a, p, n):
    return (a - p).norm(dim=1) - (a - n).norm(dim=1)


def mesh_loss(cfg, f_id, f_pose, f_out, cross):                      # section 4.3
    d, margin = cfg["id_dim"], cfg["margin_mesh"]
    if cross:
        terms = (triplet(f_pose[:, :d], f_id[:, :d], f_out[:, :d]),
                 triplet(f_pose[:, d:], f_out[:, d:], f_id[:, d:]))
    else:
        terms = (triplet(f_out[:, :d], f_id[:, :d], f_pose[:, :d]),
                 triplet(f_out[:, d:], f_pose[:, d:], f_id[:, d:]))
    return cfg["lambda_mesh"] * sum(F.relu(t.mean(1) + margin).mean() for t in terms)


def point_loss(cfg, f_id, f_out):                                    # section 4.4
    t = triplet(f_out, f_id, torch.roll(f_id, -1, dims=2))
    return cfg["lambda_point"] * F.relu(t + cfg["margin_point"]).mean()


def reorder(features, match):
    return features.gather(2, match.unsqueeze(1).expand(-1, features.shape[1], -1))


def run_pass(net, f_id, f_pose, pose_points):
    plan = net.transport(f_id, f_pose)
    warped = torch.bmm(plan, pose_points.transpose(1, 2))
    return dict(T=plan, match=plan.detach().argmax(2), warped=warped, final=net.refine(f_id, warped))


def supervised(net, x):                                              # section 6.1
    cfg, f_pose, f_id = net.cfg, net.encode(x["pose_points"]), net.encode(x["identity_points"])
    out = run_pass(net, f_id, f_pose, x["pose_points"])
    out.update(id_features=f_id, pose_features=f_pose)
    loss = dict(edge_loss=edge_loss(cfg, out["final"], x["identity_points"], x["faces_id"]),
                rec_loss=rec_loss(cfg, out["final"], x["gt_points"]))
    if cfg["model"] == "mapconnet":
        f_out = out["out_features"] = net.encode(out["warped"].transpose(1, 2))
        loss["mesh_loss"] = mesh_loss(cfg, f_id, reorder(f_pose, out["match"]), f_out, cross=False)
        loss["point_loss"] = point_loss(cfg, f_id, f_out)
    return loss, out


def unsupervised(net, x):                                            # section 6.2
    cfg, loss, out = net.cfg, {}, {}
    p1, p2 = x["pose_points"], x["pose_points2"]

    def close(tag, res, f_id, f_pose, cross):
        f_out = net.encode(res["warped"].transpose(1, 2))
        ordered = f_pose if cross else reorder(f_pose, res["match"])
        loss["mesh_loss_" + tag] = mesh_loss(cfg, f_id, ordered, f_out, cross)
        loss["point_loss_" + tag] = point_loss(cfg, f_id, f_out)
        out.update({f"{k}_{tag}": v for k, v in res.items()}, **{"out_features_" + tag: f_out})

    def fit(tag, res):
        loss["edge_loss_" + tag] = edge_loss(cfg, res["final"], p2, x["faces_pose"])
        loss["rec_loss_" + tag] = rec_loss(cfg, res["final"], p1)

    f1, f2 = net.encode(p1), net.encode(p2)
    cc = run_pass(net, f2, f1, p1)
    fit("cc", cc)
    close("cc", cc, f2, f1, cross=True)

    f_id = net.encode(x["identity_points"])
    fp = run_pass(net, f_id, f1, p1)
    fp["final"] = fp["final"].detach()
    close("fp", fp, f_id, f1, cross=False)

    f_proxy = net.encode(fp["final"])
    sc = run_pass(net, f2, f_proxy, fp["final"])
    fit("sc", sc)
    close("sc", sc, f2, f_proxy, cross=False)
    out.update(pose_features=f1, pose2_features=f2, identity_features=f_id, proxy_features=f_proxy)
    return loss, out


# ----------------------------------------------------------------- optimiser

class Adam:                                                          # section 7
    def __init__(self, net):
        self.net, self.t = net, 0
        self.m = {k: torch.zeros_like(v) for k, v in net.p.items()}
        self.v = {k: torch.zeros_like(v) for k, v in net.p.items()}

    @torch.no_grad()
    def step(self, grads):
        cfg = self.net.cfg
        b1, b2 = cfg["beta1"], cfg["beta2"]
        self.t += 1
        c1, c2 = 1 - b1 ** self.t, 1 - b2 ** self.t
        for name, g in grads.items():
            m, v = self.m[name], self.v[name]
            m.mul_(b1).add_(g, alpha=1 - b1)
            v.mul_(b2).addcmul_(g, g, value=1 - b2)
            self.net.p[name].sub_(cfg["lr"] * (m / c1) / ((v / c2).sqrt() + cfg["adam_eps"]))


def train_step(net, opt, x, mode):
    loss, out = (supervised if mode == "supervised" else unsupervised)(net, x)
    total = sum(loss.values())
    names = list(net.p)
    grads = dict(zip(names, torch.autograd.grad(total, [net.p[n] for n in names])))
    opt.step(grads)
    loss["total"] = total
    return loss, out, grads


def evaluate(net, x):                                                # section 8
    net.training = False
    with torch.no_grad():
        f_id = net.encode(x["identity_points"])
        final = run_pass(net, f_id, net.encode(x["pose_points"]), x["pose_points"])["final"]
        centred = final - (final.amax(2, keepdim=True) + final.amin(2, keepdim=True)) / 2
        res = dict(final_eval=final)
        if "gt_points" in x:
            gt = x["gt_points"]
            d2 = (centred.unsqueeze(3) - gt.unsqueeze(2)).square().sum(1)
            res["pmd"] = ((centred - gt) ** 2).mean((1, 2))
            res["cd"] = d2.amin(2).mean(1) + d2.amin(1).mean(1)
    net.training = True
    return res


# -------------------------------------------------------------------- meshes

def template(n):
    """Helical tube with n vertices: (angle, height, faces)."""
    ring = max(3, int(round(1.2 * math.sqrt(n))))
    if n < ring + 3:
        raise SystemExit("too few vertices")
    i = np.arange(n)
    f = np.arange(n - ring - 1)
    faces = np.concatenate([np.stack([f, f + 1, f + ring], 1), np.stack([f + 1, f + 1 + ring, f + ring], 1)])
    return 2 * np.pi * i / ring, i / (n - 1.0), faces


def synth(n, shape, pose):
    """A tube whose girth follows `shape` and whose bend and twist follow `pose`."""
    ang, h, _ = template(n)
    r = 0.16 + 0.05 * shape[0] * np.cos(np.pi * h) + 0.05 * shape[1] * np.sin(2 * np.pi * h) + 0.02 * np.cos(2 * ang)
    tall = 1.2 + 0.3 * shape[2]
    x, z = r * np.cos(ang + pose[3] * h), (0.8 + 0.2 * shape[3]) * r * np.sin(ang + pose[3] * h)
    phi = 1.2 * pose[0] * h + 0.5 * pose[1] * np.sin(2 * np.pi * h)
    y = tall * h
    return np.stack([x + 0.3 * pose[2] * np.sin(np.pi * h), y * np.cos(phi) - z * np.sin(phi),
                     y * np.sin(phi) + z * np.cos(phi)], 1)


def batch_inputs(rng, batch, n_id, n_pose, mode):
    rows = []
    for _ in range(batch):
        s_id, s_pose = rng.uniform(-1, 1, (2, 4))
        p_id, p_pose, p_second = rng.uniform(-1, 1, (3, 4))
        perm_id, perm_pose = rng.permutation(n_id), rng.permutation(n_pose)

        def mesh(n, s, p, perm):
            v = synth(n, s, p)
            return (v - (v.min(0) + v.max(0)) / 2)[perm]

        def faces(n, perm):
            where = np.empty(n, np.int64)
            where[perm] = np.arange(n)
            return where[template(n)[2]]

        row = dict(identity_points=mesh(n_id, s_id, p_id, perm_id), pose_points=mesh(n_pose, s_pose, p_pose, perm_pose),
                   faces_id=faces(n_id, perm_id), faces_pose=faces(n_pose, perm_pose))
        if mode == "supervised":
            row["gt_points"] = mesh(n_id, s_id, p_pose, perm_id)
        else:
            row["pose_points2"] = mesh(n_pose, s_pose, p_second, perm_pose)
        rows.append(row)
    out = {k: np.stack([r[k] for r in rows]) for k in rows[0]}
    return {k: v.astype(np.int32 if k.startswith("faces") else np.float32) for k, v in out.items()}


def as_tensors(inputs, dtype):
    """Faces stay (B, F, 3); points become channel-first (B, 3, N)."""
    return {k: torch.tensor(v, dtype=torch.int64) if k.startswith("faces")
            else torch.tensor(v, dtype=dtype).transpose(1, 2).contiguous() for k, v in inputs.items()}


# ------------------------------------------------------------------ commands

def one_step(cfg, params, buffers, inputs, mode, dtype):
    """Every tensor of a fixture but the inputs, at the given precision."""
    x = as_tensors(inputs, dtype)
    net = Net(cfg, params, buffers, dtype)
    ev = evaluate(net, x)
    loss, out, grads = train_step(net, Adam(net), x, mode)
    res = {f"output/{k}": v for k, v in {**out, "final_eval": ev.pop("final_eval")}.items()}
    res.update({f"metric/{k}": v for k, v in ev.items()})
    res.update({f"loss/{k}": v for k, v in loss.items()})
    res.update({f"grad/{k}": v for k, v in grads.items()})
    res.update({f"after/{k}": v for k, v in {**net.p, **net.b}.items()})
    res = {k: v.detach().numpy() for k, v in res.items()}
    return {k: (v.astype(np.int32) if v.dtype.kind == "i" else v) for k, v in res.items()}


def rel(a, b):
    """Largest absolute difference over the largest magnitude of the reference."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30))


def write_safetensors(path, tensors, metadata):
    """Byte-for-byte reproducible: names and metadata in sorted order."""
    kinds, header, blobs, at = {"float32": "F32", "int32": "I32"}, {"__metadata__": dict(sorted(metadata.items()))}, [], 0
    for name in sorted(tensors):
        blob = np.ascontiguousarray(tensors[name])
        header[name] = dict(dtype=kinds[str(blob.dtype)], shape=list(blob.shape), data_offsets=[at, at + blob.nbytes])
        at += blob.nbytes
        blobs.append(blob)
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    with open(path, "wb") as f:
        f.write(len(head).to_bytes(8, "little") + head)
        for blob in blobs:
            f.write(blob.astype(blob.dtype.newbyteorder("<"), copy=False).tobytes())


def cmd_make(args):
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng(args.seed)
    cfg = config(args.model, args.width, args.id_dim)
    if args.model == "corenet" and args.mode != "supervised":
        raise SystemExit("the 3D-CoreNet baseline is supervised only")
    params, buffers = draw(cfg, rng, args.init)
    inputs = batch_inputs(rng, args.batch, args.vertices_id, args.vertices_pose, args.mode)
    exact = one_step(cfg, params, buffers, inputs, args.mode, torch.float64)
    single = one_step(cfg, params, buffers, inputs, args.mode, torch.float32)

    # How far a plain float32 run of this very code lands from the stored float64 values, worst
    # tensor of each group. Gradients that are exactly zero in theory are listed, not measured.
    noise, gap, zero = {}, math.inf, []
    biggest = max(float(np.abs(v).max()) for k, v in exact.items() if k.startswith("grad/"))
    for k, v in exact.items():
        group, name = k.split("/", 1)
        if k.startswith("output/T"):
            top = np.sort(v, axis=2)[:, :, -2:]
            gap = min(gap, float((1 - top[:, :, 0] / top[:, :, 1]).min()))
        if name.startswith("match"):
            noise["match_flips"] = noise.get("match_flips", 0) + int((v != single[k]).sum())
            continue
        if group == "grad" and float(np.abs(v).max()) < 1e-12 * biggest:
            zero.append(name)
            continue
        err = rel(single[k], v)
        if group == "after":
            group = "power_iterate"
            if name in params:          # judge the update, in units of the learning rate
                if name in zero:
                    continue
                group, err = "update_over_lr", float(np.abs(single[k] - v).max()) / cfg["lr"]
        noise[group] = max(noise.get(group, 0.0), err)

    tensors = {f"input/{k}": v for k, v in inputs.items()}
    tensors.update({f"param/{k}": v for k, v in {**params, **buffers}.items()})
    tensors.update({k: (v if v.dtype.kind == "i" else v.astype(np.float32)) for k, v in exact.items()})
    meta = dict(model=args.model, mode=args.mode, config=json.dumps(cfg),
                fixture=json.dumps(dict(seed=args.seed, batch=args.batch, vertices_id=args.vertices_id,
                                        vertices_pose=args.vertices_pose, width=args.width, init=args.init,
                                        computed_in="float64", stored_as="float32", format_version=1)),
                float32_noise=json.dumps(noise), smallest_match_gap=json.dumps(gap),
                zero_gradient=json.dumps(zero))
    write_safetensors(args.out, tensors, meta)
    print(json.dumps(dict(out=args.out, tensors=len(tensors), float32_noise=noise, smallest_match_gap=gap,
                          losses={k[5:]: float(v) for k, v in exact.items() if k.startswith("loss/")})))


def cmd_time(args):
    torch.set_num_threads(args.threads)
    rng = np.random.default_rng(args.seed)
    cfg = config(args.model, args.width, args.id_dim)
    x = as_tensors(batch_inputs(rng, args.batch, args.vertices, args.vertices, args.mode), torch.float32)
    params, buffers = draw(cfg, rng, args.init)
    net = Net(cfg, params, buffers, torch.float32)
    opt, steps, forwards = Adam(net), [], []
    for i in range(args.steps + 1):
        t = time.perf_counter()
        train_step(net, opt, x, args.mode)
        if i:  # the first step is warm-up
            steps.append(time.perf_counter() - t)
    net.training = False
    for _ in range(args.steps):
        t = time.perf_counter()
        with torch.no_grad():
            f_id, f_pose = net.encode(x["identity_points"]), net.encode(x["pose_points"])
            run_pass(net, f_id, f_pose, x["pose_points"])
        forwards.append(time.perf_counter() - t)
    print(json.dumps(dict(
        model=args.model, mode=args.mode, vertices=args.vertices, batch=args.batch, width=args.width,
        threads=args.threads, steps=args.steps, parameters=sum(v.numel() for v in net.p.values()),
        median_s=statistics.median(steps), forward_median_s=statistics.median(forwards),
        step_seconds=steps, peak_rss_bytes=int(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("VmHWM"))) * 1024,
        torch=torch.__version__)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = parser.add_subparsers(dest="command", required=True)
    for name in ("make", "time"):
        p = sub.add_parser(name)
        p.add_argument("--seed", type=int, default=0)
        p.add_argument("--batch", type=int, default=2)
        p.add_argument("--mode", choices=("supervised", "unsupervised"), default="supervised")
        p.add_argument("--model", choices=("mapconnet", "corenet"), default="mapconnet")
        p.add_argument("--id-dim", type=int, default=None)
        if name == "make":
            p.add_argument("--vertices-id", type=int, default=60)
            p.add_argument("--vertices-pose", type=int, default=72)
            p.add_argument("--width", type=int, default=4, help="ngf; upstream uses 64")
            p.add_argument("--init", choices=("generic", "upstream"), default="generic")
            p.add_argument("--out", required=True)
        else:
            p.add_argument("--vertices", type=int, default=6890)
            p.add_argument("--width", type=int, default=64)
            p.add_argument("--init", choices=("generic", "upstream"), default="upstream")
            p.add_argument("--threads", type=int, default=2)
            p.add_argument("--steps", type=int, default=3)
    args = parser.parse_args()
    (cmd_make if args.command == "make" else cmd_time)(args)


if __name__ == "__main__":
    main()
