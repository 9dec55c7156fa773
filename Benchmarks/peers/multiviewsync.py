#!/usr/bin/env python3
"""Reference oracle for the multi-view synchronization model.

Independent implementation of the model; contains no third-party model code.  Needs torch and numpy
(torchvision only for `selftest`).

  make        pretext / pose fixture (inputs, parameters, outputs, losses, gradients, after one step)
  metrics     MPJPE / N-MPJPE / PA-MPJPE fixture with edge cases
  background  median background, mask, box and pair-offset fixture
  time        seconds per step / forward, peak memory, FLOPs
  selftest    check the pieces against torchvision, torch.optim and brute force
"""
import argparse, json, math, statistics, sys, time
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

J, ROOT = 17, 0
LEFT, RIGHT = [4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]
DMIN, DMAX = 4, 128                      # strict: DMIN < |dt| < DMAX
FROZEN = ("conv1", "bn1", "layer1", "layer2", "layer3")


# ------------------------------------------------------------------ backbone
def conv(i, o, k, s=1):
    return nn.Conv2d(i, o, k, stride=s, padding=k // 2, bias=False)


class Unit(nn.Module):
    """Residual unit. kind 'basic': 3x3,3x3.  kind 'neck': 1x1,3x3(stride),1x1 with 4x expansion."""

    def __init__(self, cin, mid, stride, kind, relu_out=True):
        super().__init__()
        self.neck, self.relu_out = kind == "neck", relu_out
        cout = mid * (4 if self.neck else 1)
        if self.neck:
            self.conv1, self.bn1 = conv(cin, mid, 1), nn.BatchNorm2d(mid)
            self.conv2, self.bn2 = conv(mid, mid, 3, stride), nn.BatchNorm2d(mid)
            self.conv3, self.bn3 = conv(mid, cout, 1), nn.BatchNorm2d(cout)
        else:
            self.conv1, self.bn1 = conv(cin, mid, 3, stride), nn.BatchNorm2d(mid)
            self.conv2, self.bn2 = conv(mid, cout, 3), nn.BatchNorm2d(cout)
        if stride != 1 or cin != cout:
            self.downsample = nn.Sequential(conv(cin, cout, 1, stride), nn.BatchNorm2d(cout))
        else:
            self.downsample = None

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.neck:
            y = self.bn3(self.conv3(F.relu(y)))
        y = y + (x if self.downsample is None else self.downsample(x))
        return F.relu(y) if self.relu_out else y


ARCHS = {"resnet18": ("basic", (2, 2, 2, 2)), "resnet50": ("neck", (3, 4, 6, 3))}


class Backbone(nn.Module):
    """Stem + 4 stages + global average pooling.  final_relu=False gives signed features."""

    def __init__(self, arch="resnet18", width=64, final_relu=False):
        super().__init__()
        kind, depth = ARCHS[arch]
        self.conv1, self.bn1 = conv(3, width, 7, 2), nn.BatchNorm2d(width)
        cin = width
        for s, n in enumerate(depth):
            mid, units = width * 2 ** s, []
            for u in range(n):
                last = s == 3 and u == n - 1
                units.append(Unit(cin, mid, 2 if (s and not u) else 1, kind, final_relu or not last))
                cin = mid * (4 if kind == "neck" else 1)
            setattr(self, f"layer{s + 1}", nn.Sequential(*units))
        self.dim = cin

    def forward(self, x, taps=None):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.max_pool2d(x, 3, 2, 1)
        if taps is not None:
            taps["stem"] = x
        for s in range(1, 5):
            x = getattr(self, f"layer{s}")(x)
            if taps is not None:
                taps[f"layer{s}"] = x
        x = x.mean((2, 3))
        if taps is not None:
            taps["features"] = x
        return x


def fuse(a, b, how):
    z = {"mult": lambda: a * b, "add": lambda: a + b, "diff": lambda: a - b,
         "concat": lambda: torch.cat((a, b), 1)}[how]()
    return F.relu(z)


class Pretext(nn.Module):
    def __init__(self, arch, width, fusion="mult", final_relu=False):
        super().__init__()
        self.backbone, self.fusion = Backbone(arch, width, final_relu), fusion
        d = self.backbone.dim * (2 if fusion == "concat" else 1)
        self.head_sync, self.head_noflip = nn.Linear(d, 1), nn.Linear(d, 1)

    def forward(self, images, pairs, taps=None):
        f = self.backbone(images, taps)
        z = fuse(f[pairs[:, 0]], f[pairs[:, 1]], self.fusion)
        if taps is not None:
            taps["fused"] = z
        return self.head_sync(z)[:, 0], self.head_noflip(z)[:, 0]


class Pose(nn.Module):
    def __init__(self, arch, width, final_relu=False):
        super().__init__()
        self.backbone = Backbone(arch, width, final_relu)
        self.head_pose = nn.Linear(self.backbone.dim, 3 * (J - 1))

    def forward(self, images, taps=None):
        return self.head_pose(self.backbone(images, taps))


# ------------------------------------------------------------------ losses
def quad_pairs(b):
    """Images are stacked a=[0,b) b=[b,2b) c=[2b,3b) f=[3b,4b); pairs: sync (a,b), unsync (b,c), flip (a,f)."""
    i = torch.arange(b)
    pairs = torch.cat([torch.stack((i, b + i), 1), torch.stack((b + i, 2 * b + i), 1),
                       torch.stack((i, 3 * b + i), 1)])
    one, zero = torch.ones(b), torch.zeros(b)
    return pairs, {"sync_label": torch.cat((one, zero, zero)), "sync_mask": torch.cat((one, one, zero)),
                   "noflip_label": torch.cat((one, zero, zero)), "noflip_mask": torch.cat((one, zero, one))}


def pretext_loss(ls, lf, y, b, w_sync=1.0, w_flip=1.0):
    """Sum of four means over b tuples; softplus(-l) = -log sigmoid(l), softplus(l) = -log(1-sigmoid(l))."""
    def term(logit, label, mask, sign):
        sel = mask * (label if sign > 0 else 1 - label)
        return (sel * F.softplus(-sign * logit)).sum() / b
    t = {"sync_pos": w_sync * term(ls, y["sync_label"], y["sync_mask"], 1),
         "sync_neg": w_sync * term(ls, y["sync_label"], y["sync_mask"], -1),
         "noflip_pos": w_flip * term(lf, y["noflip_label"], y["noflip_mask"], 1),
         "noflip_neg": w_flip * term(lf, y["noflip_label"], y["noflip_mask"], -1)}
    t["total"] = sum(t.values())
    return t


def normalize_pose(p, mean, std):
    return ((p[:, 1:] - mean) / std).flatten(1)


def denormalize_pose(y, mean, std):
    q = y.view(-1, J - 1, 3) * std + mean
    return torch.cat((torch.zeros_like(q[:, :1]), q), 1)


# ------------------------------------------------------------------ metrics (mm, per sample)
def root_center(p):
    return p - p[:, ROOT:ROOT + 1]


def joint_mean(d, convention):
    """d: (N,J) joint errors. 'nonroot' = mean over the 16 non-root joints, 'all' = over 17."""
    return d[:, 1:].mean(1) if convention == "nonroot" else d.mean(1)


def mpjpe(p, g, convention="nonroot"):
    return joint_mean((root_center(p) - root_center(g)).norm(dim=-1), convention)


def n_mpjpe(p, g, convention="nonroot"):
    p, g = root_center(p), root_center(g)
    pp, pg = (p * p).sum((1, 2)), (p * g).sum((1, 2))
    s = torch.where(pp > 1e-12, pg / pp.clamp_min(1e-12), torch.zeros_like(pp))
    return joint_mean((s[:, None, None] * p - g).norm(dim=-1), convention), s


def procrustes(p, g):
    """Best s R p + t onto g with det R = +1.  Returns aligned, s, R, t (column-vector convention)."""
    mp, mg = p.mean(1, keepdim=True), g.mean(1, keepdim=True)
    x, y = p - mp, g - mg
    U, S, Vh = torch.linalg.svd(x.transpose(1, 2) @ y)           # sum x y^T = U S V^T
    V = Vh.transpose(1, 2)
    z = torch.ones_like(S)
    z[:, 2] = torch.sign(torch.linalg.det(V @ U.transpose(1, 2)))
    R = V @ torch.diag_embed(z) @ U.transpose(1, 2)
    xx = (x * x).sum((1, 2))
    s = torch.where(xx > 1e-12, (S * z).sum(1) / xx.clamp_min(1e-12), torch.zeros_like(xx))
    out = s[:, None, None] * (x @ R.transpose(1, 2)) + mg
    t = mg[:, 0] - s[:, None] * (R @ mp[:, 0, :, None])[..., 0]
    return out, s, R, t


def pa_mpjpe(p, g, convention="all"):
    a, s, R, t = procrustes(p, g)
    return joint_mean((a - g).norm(dim=-1), convention), s, R, t


# ------------------------------------------------------------------ optimiser
def lr_at(step, total, base=1e-4, floor_ratio=1e-3):
    """Cosine from base at step 0 to base*floor_ratio at step total."""
    c = 0.5 * (1 + math.cos(math.pi * min(step, total) / total))
    return base * ((1 - floor_ratio) * c + floor_ratio)


def decays(name, p, rule):
    return True if rule == "all" else p.dim() >= 2               # 'matrices': conv and linear weights only


@torch.no_grad()
def adamw_step(named, grads, state, t, o):
    """t counts from 1.  decay_mode lr_scaled: shrink lr*wd; schedule_scaled: shrink wd*lr/base_lr."""
    lr = lr_at(t - 1, o["total_steps"], o["lr"], o["lr_floor_ratio"])
    shrink = o["weight_decay"] * (lr if o["decay_mode"] == "lr_scaled" else lr / o["lr"])
    b1, b2 = o["betas"]
    for n, p in named:
        g = grads[n]
        m, v = state.setdefault(n, (torch.zeros_like(p), torch.zeros_like(p)))
        m.mul_(b1).add_(g, alpha=1 - b1)
        v.mul_(b2).addcmul_(g, g, value=1 - b2)
        if decays(n, p, o["decay_params"]):
            p.mul_(1 - shrink)
        p.sub_(lr * (m / (1 - b1 ** t)) / ((v / (1 - b2 ** t)).sqrt() + o["eps"]))


OPT = dict(kind="adamw", lr=1e-4, lr_floor_ratio=1e-3, total_steps=200000, betas=[0.9, 0.999], eps=1e-8,
           weight_decay=1e-4, decay_mode="schedule_scaled", decay_params="matrices")


# ------------------------------------------------------------------ fixture helpers
IM_MEAN, IM_STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


def fixture_images(n, s, gen):
    """Coloured noisy blobs on black, then channel normalisation: stand-ins for masked person crops."""
    yy, xx = torch.meshgrid(torch.linspace(-1, 1, s), torch.linspace(-1, 1, s), indexing="ij")
    out = torch.zeros(n, 3, s, s)
    for i in range(n):
        for _ in range(5):
            cx, cy = (torch.rand(2, generator=gen) - 0.5).tolist()
            rx, ry = (0.08 + 0.35 * torch.rand(2, generator=gen)).tolist()
            m = (((xx - cx) / rx) ** 2 + ((yy - cy) / ry) ** 2 < 1).float()
            col = torch.rand(3, 1, 1, generator=gen) + 0.15 * torch.randn(3, s, s, generator=gen)
            out[i] = out[i] * (1 - m) + col.clamp(0, 1) * m
    return (out - IM_MEAN[:, None, None]) / IM_STD[:, None, None]


def fill_parameters(model, gen):
    """Non-trivial values everywhere (also BN affine and running statistics) so that mistakes show."""
    for n, p in model.state_dict().items():
        if n.endswith("num_batches_tracked"):
            p.fill_(7)
        elif n.endswith("running_mean"):
            p.copy_(0.2 * torch.randn(p.shape, generator=gen))
        elif n.endswith("running_var"):
            p.copy_(0.5 + torch.rand(p.shape, generator=gen))
        elif p.dim() == 4:
            p.copy_(torch.randn(p.shape, generator=gen) * math.sqrt(2 / (p.shape[1] * p.shape[2] * p.shape[3])))
        elif p.dim() == 2:
            p.copy_(torch.randn(p.shape, generator=gen) / math.sqrt(p.shape[1]))
        elif n.startswith("head"):
            p.copy_(0.1 * torch.randn(p.shape, generator=gen))
        elif n.endswith("weight"):
            p.copy_(0.7 + 0.6 * torch.rand(p.shape, generator=gen))
        else:
            p.copy_(0.2 * torch.randn(p.shape, generator=gen))


BASE_POSE = torch.tensor([[0, 0, 0], [-132, 0, 0], [-135, 440, 20], [-137, 890, 60], [132, 0, 0], [135, 440, 20],
                          [137, 890, 60], [0, -235, 5], [0, -490, 10], [0, -570, -40], [0, -690, -20],
                          [150, -460, 10], [210, -190, 40], [230, 50, 10], [-150, -460, 10], [-210, -190, 40],
                          [-230, 50, 10.]])


def fixture_poses(n, gen, spread=90.0):
    """Root-relative camera-frame poses in mm: a standing skeleton, turned about the vertical, perturbed."""
    a = 2 * math.pi * torch.rand(n, generator=gen)
    c, s, o, l = a.cos(), a.sin(), torch.zeros(n), torch.ones(n)
    R = torch.stack((c, o, s, o, l, o, -s, o, c), 1).view(n, 3, 3)
    p = (0.9 + 0.2 * torch.rand(n, 1, 1, generator=gen)) * BASE_POSE @ R.transpose(1, 2)
    p = p + spread * torch.randn(n, J, 3, generator=gen)
    return p - p[:, :1]


ST_NAMES = {torch.float32: "F32", torch.int64: "I64", torch.int32: "I32", torch.uint8: "U8"}


def save(path, tensors, meta):
    """Byte-reproducible safetensors writer: widest types first, then by name; header keys sorted."""
    out = {}
    for k, v in tensors.items():
        v = torch.as_tensor(v).detach()
        out[k] = (v.float() if v.is_floating_point() else v).contiguous()
    head = {"__metadata__": {k: v if isinstance(v, str) else json.dumps(v, sort_keys=True) for k, v in meta.items()}}
    pos, order = 0, sorted(out, key=lambda k: (-out[k].element_size(), k))
    for k in order:
        size = out[k].numel() * out[k].element_size()
        head[k] = {"dtype": ST_NAMES[out[k].dtype], "shape": list(out[k].shape), "data_offsets": [pos, pos + size]}
        pos += size
    text = json.dumps(head, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        for k in order:
            f.write(out[k].numpy().tobytes())
    print(f"{path}: {len(out)} tensors, {(8 + len(text) + pos) / 1e6:.2f} MB")


@torch.no_grad()
def calibrate(model, images, gen):
    """Give BN running statistics plausible values: batch statistics of `images`, then perturbed."""
    model = model.double().train()
    bns = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for m in bns:
        m.momentum = 1.0
    model.backbone(images.double())
    model.float()
    for m in bns:
        m.momentum = 0.1
        m.running_mean += 0.2 * m.running_var.sqrt() * torch.randn(m.running_mean.shape, generator=gen)
        m.running_var *= 0.7 + 0.6 * torch.rand(m.running_var.shape, generator=gen)
        m.num_batches_tracked.fill_(7)


def set_mode(model, train, frozen):
    model.train(train)
    for n in frozen:                                             # frozen parts normalise with running statistics
        getattr(model.backbone, n).eval()
        for p in getattr(model.backbone, n).parameters():
            p.requires_grad_(False)


def run_case(a, dtype, jitter=0):
    """One deterministic case in the given arithmetic; random values are always drawn in float32.
    jitter > 0 perturbs weights and images by a relative 2e-6, to probe for kinks (ReLU, max-pool) nearby."""
    gen = torch.Generator().manual_seed(a.seed)
    train = a.mode == "train"
    frozen = FROZEN if (a.task == "pose" and a.freeze == "stages3") else ()
    torch.manual_seed(a.seed)
    model = Pretext(a.arch, a.width, a.fusion, a.final_relu) if a.task == "pretext" \
        else Pose(a.arch, a.width, a.final_relu)
    fill_parameters(model, gen)
    calibrate(model, fixture_images(16, a.image_size, gen), gen)
    T, taps = {}, {}
    if a.task == "pretext":
        img = fixture_images(3 * a.batch, a.image_size, gen)
        img = torch.cat((img, img[a.batch:2 * a.batch].flip(3)))  # f = mirrored b
        pairs, y = quad_pairs(a.batch)
        T["input/images"], T["input/pair_index"] = img, pairs.int()
        T.update({"input/" + k: v for k, v in y.items()})
    else:
        img = fixture_images(a.batch, a.image_size, gen)
        pool, pose = fixture_poses(256, gen), fixture_poses(a.batch, gen)
        T["input/images"], T["input/pose3d"] = img, pose
        T["input/pose_mean"], T["input/pose_std"] = pool[:, 1:].mean(0), pool[:, 1:].std(0, unbiased=False)
    T.update({"param/" + k: v.clone() for k, v in model.state_dict().items()})
    model = model.to(dtype)
    set_mode(model, train, frozen)
    img = img.to(dtype)
    if jitter:
        jg = torch.Generator().manual_seed(jitter)
        with torch.no_grad():
            for v in [img] + list(model.parameters()):
                v.mul_(1 + 2e-6 * torch.randn(v.shape, generator=jg))
    with torch.set_grad_enabled(train):
        if a.task == "pretext":
            y = {k: v.to(dtype) for k, v in y.items()}
            ls, lf = model(img, pairs, taps)
            T["output/logit_sync"], T["output/logit_noflip"] = ls, lf
            T["output/prob_sync"], T["output/prob_noflip"] = torch.sigmoid(ls), torch.sigmoid(lf)
            loss = pretext_loss(ls, lf, y, a.batch)
            for n, l in (("sync", ls), ("noflip", lf)):
                ok = ((l > 0).to(dtype) == y[n + "_label"]).to(dtype) * y[n + "_mask"]
                T[f"output/{n}_accuracy"] = ok.sum() / y[n + "_mask"].sum()
        else:
            mean, std = T["input/pose_mean"].to(dtype), T["input/pose_std"].to(dtype)
            gt = pose.to(dtype)
            out = model(img, taps)
            target = normalize_pose(gt, mean, std)
            mm = denormalize_pose(out, mean, std)
            T["output/pose_normalized"], T["output/target_normalized"], T["output/pose3d"] = out, target, mm
            loss = {"mse": ((out - target) ** 2).mean()}
            loss["total"] = loss["mse"]
            with torch.no_grad():
                T["output/mpjpe"], T["output/n_mpjpe"] = mpjpe(mm, gt), n_mpjpe(mm, gt)[0]
                T["output/pa_mpjpe"] = pa_mpjpe(mm, gt)[0]
    T.update({"output/" + k: v for k, v in taps.items() if a.taps or k in ("features", "fused")})
    T.update({"loss/" + k: v for k, v in loss.items()})
    opt = dict(OPT, decay_mode=a.decay_mode, decay_params=a.decay_params)
    if train:
        loss["total"].backward()
        named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
        grads = {n: p.grad for n, p in named}
        T.update({"grad/" + n: g.clone() for n, g in grads.items()})
        adamw_step(named, grads, {}, 1, opt)
        T.update({"after/" + k: v.clone() for k, v in model.state_dict().items()})
    cfg = dict(task=a.task, arch=a.arch, width=a.width, image_size=a.image_size, batch=a.batch, seed=a.seed,
               fusion=a.fusion, fusion_relu=True, final_relu=a.final_relu, feature_dim=model.backbone.dim,
               bn=dict(eps=1e-5, momentum=0.1), frozen=list(frozen), joints=J, root=ROOT, loss_weights=dict(sync=1, flip=1),
               loss_reduction="per-tuple mean" if a.task == "pretext" else "mean over batch and 48 coordinates",
               optimizer=opt, step=1, compute_dtype=str(dtype).replace("torch.", ""), arithmetic_note=
               "values computed in compute_dtype from float32 parameters and inputs, then rounded to float32")
    return T, cfg


def rel_err(a, b, floor=1e-30):
    a, b = a.double(), b.double()
    return float((a - b).norm() / b.norm().clamp_min(floor)) if b.numel() else 0.0


def noise(T32, T64):
    """How far float32 arithmetic lands from the stored values: a yardstick for test tolerances.

    Gradient tensors are compared relative to max(own norm, 1e-4 x largest gradient norm), because some exact
    gradients vanish.  Adam turns a vanishing gradient into an arbitrary +-lr step, so `after` is also reported
    over the significant elements only: |g| >= 1e-2 max|g| inside tensors with norm >= 1e-3 of the largest."""
    out = {}
    top = max([float(v.detach().norm()) for k, v in T64.items() if k.startswith("grad/")] or [1.0])
    for k, v in T64.items():
        kind, name = k.split("/", 1)
        if not v.is_floating_point() or kind in ("input", "param"):
            continue
        a, b = T32[k].detach().double(), v.detach().double()
        if kind == "after" and "grad/" + name in T64:
            d, g = (a - b).abs(), T64["grad/" + name]
            out["after_abs"] = max(out.get("after_abs", 0.0), float(d.max()))
            keep = (g.abs() >= 1e-2 * g.abs().max()) & (g.norm() >= 1e-3 * top)
            if keep.any():
                out["after_abs_significant"] = max(out.get("after_abs_significant", 0.0), float(d[keep].max()))
        elif kind == "after":                                    # BN buffers and frozen parameters
            out["after_buffers"] = max(out.get("after_buffers", 0.0), rel_err(a, b))
        else:
            e = rel_err(a, b, 1e-4 * top if kind == "grad" else 1e-30)
            out[kind] = max(out.get(kind, 0.0), e)
    return {k: float(f"{v:.3g}") for k, v in out.items()}


def cmd_make(a):
    T, cfg = run_case(a, torch.float64)
    cfg["float32_noise"] = noise(run_case(a, torch.float32)[0], T)
    probe = max(noise(run_case(a, torch.float64, j)[0], T).get("grad", 0.0) for j in (1, 2, 3, 4))
    print(json.dumps(cfg["float32_noise"]), "probe", probe)
    if max(probe, cfg["float32_noise"].get("grad", 0)) > 2e-3:
        sys.exit("ill-conditioned case (a ReLU or max-pool kink lies within rounding): choose another seed")
    save(a.out, T, {"model": "multiview-sync", "mode": a.mode, "config": cfg})


def cmd_metrics(a):
    gen = torch.Generator().manual_seed(a.seed)
    P, G, names = [], [], []

    def add(name, p, g):
        names.append(name); P.append(p[None]); G.append(g[None])

    def rot():
        q = torch.randn(4, generator=gen).double()
        w, x, y, z = (q / q.norm()).tolist()
        return torch.tensor([[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
                             [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
                             [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]]).float()
    for i in range(a.count):
        g = fixture_poses(1, gen)[0]
        add(f"random_{i}", g + (20 + 60 * i / max(1, a.count - 1)) * torch.randn(J, 3, generator=gen), g)
    g = fixture_poses(1, gen)[0]
    add("identical", g.clone(), g)
    add("scaled_1.3", 1.3 * g, g)
    add("translated", g + torch.tensor([100., -50., 3000.]), g)
    add("similarity", 0.7 * g @ rot().T + torch.tensor([10., 20., 30.]), g)
    add("similarity_noisy", 0.7 * g @ rot().T + torch.tensor([10., 20., 30.]) + 15 * torch.randn(J, 3, generator=gen), g)
    add("mirrored_x", g * torch.tensor([-1., 1., 1.]), g)         # reflection: rotation must keep det +1
    add("point_reflected", -g, g)                                 # negative optimal scale in N-MPJPE
    add("pred_all_zero", torch.zeros(J, 3), g)                    # degenerate prediction
    add("gt_all_zero", g.clone(), torch.zeros(J, 3))
    line = torch.linspace(-500, 400, J)[:, None] * torch.tensor([[0.2, 0.9, -0.3]])
    add("pred_collinear", line - line[:1], g)
    add("both_planar", g * torch.tensor([1., 1., 0.]), (g * torch.tensor([1., 1., 0.])) @ rot().T)
    T = {"input/pred": torch.cat(P), "input/gt": torch.cat(G)}
    p, g = T["input/pred"].double(), T["input/gt"].double()
    nm, s = n_mpjpe(p, g)
    pa, ps, R, t = pa_mpjpe(p, g)
    T.update({"output/mpjpe": mpjpe(p, g), "output/mpjpe_all17": mpjpe(p, g, "all"), "output/n_mpjpe": nm,
              "output/n_mpjpe_all17": n_mpjpe(p, g, "all")[0], "output/n_scale": s, "output/pa_mpjpe": pa,
              "output/pa_mpjpe_nonroot": pa_mpjpe(p, g, "nonroot")[0], "output/pa_scale": ps,
              "output/pa_aligned": procrustes(p, g)[0]})
    n = a.count                                                   # R, t are unique only for the generic cases
    T.update({"output/pa_rotation_random": R[:n], "output/pa_translation_random": t[:n],
              "output/mean_random": torch.stack((T["output/mpjpe"][:n].mean(), nm[:n].mean(), pa[:n].mean()))})
    save(a.out, T, {"model": "multiview-sync", "mode": "metrics", "config": dict(
        cases=names, seed=a.seed, unit="mm", joints=J, root=ROOT, mpjpe="root-centred, mean over 16 non-root joints (= 17/16 x mean over 17)",
        n_mpjpe="least-squares scale on root-centred poses, same mean; scale 0 when the prediction is all zero",
        pa_mpjpe="similarity Procrustes over 17 joints, det R = +1, mean over 17 joints")})
    for k, n in enumerate(names):
        print(f"{n:18s} {float(T['output/mpjpe'][k]):10.3f} {float(nm[k]):10.3f} {float(pa[k]):10.3f}")


# ------------------------------------------------------------------ background, boxes, pair sampling
def median_background(frames):
    """frames (T,H,W,3) uint8 -> per-pixel, per-channel lower median (element (T-1)//2 of the sorted values)."""
    return np.sort(frames, axis=0)[(frames.shape[0] - 1) // 2]


def foreground(frame, bg, threshold):
    d = frame.astype(np.int32) - bg.astype(np.int32)
    return ((d * d).sum(-1) > threshold * threshold).astype(np.uint8)


def mask_box(mask, q=0.02, scale=1.25):
    """Square box (cx, cy, side) from the q and 1-q quantile columns/rows of the mask (nearest rank)."""
    ys, xs = np.nonzero(mask)
    if len(xs) == 0:
        return np.array([mask.shape[1] / 2, mask.shape[0] / 2, min(mask.shape)], np.float32)
    def span(v):
        v = np.sort(v)
        return v[int(math.floor(q * (len(v) - 1)))], v[int(math.ceil((1 - q) * (len(v) - 1)))] + 1
    x0, x1 = span(xs)
    y0, y1 = span(ys)
    return np.array([(x0 + x1) / 2, (y0 + y1) / 2, scale * max(x1 - x0, y1 - y0)], np.float32)


def admissible_offsets(t, available):
    """Frame numbers t2 in the sorted list `available` with DMIN < |t2-t| < DMAX."""
    return [u for u in available if DMIN < abs(u - t) < DMAX]


def cmd_background(a):
    rng = np.random.default_rng(a.seed)
    n, h, w = a.frames, 48, 64
    base = rng.integers(30, 200, (h, w, 3)).astype(np.int32)
    frames = np.clip(base + rng.integers(-4, 5, (n, h, w, 3)), 0, 255)
    for k in range(n):                                            # a bright body crossing the room
        cx, cy = 8 + int(48 * k / (n - 1)), 24 + int(4 * math.sin(k))
        frames[k, cy - 14:cy + 14, max(cx - 5, 0):cx + 5] = rng.integers(0, 256, 3)
    frames = frames.astype(np.uint8)
    bg = median_background(frames)
    masks = np.stack([foreground(f, bg, a.threshold) for f in frames])
    boxes = np.stack([mask_box(m) for m in masks])
    kept = np.array(sorted(rng.choice(np.arange(1, 400), 180, replace=False)), np.int32)
    ts = kept[[0, 40, 90, 179]]
    table = np.zeros((4, 400), np.uint8)
    for i, t in enumerate(ts):
        table[i, admissible_offsets(int(t), kept.tolist())] = 1
    T = {"input/frames": torch.from_numpy(frames), "output/background": torch.from_numpy(bg),
         "output/mask": torch.from_numpy(masks), "output/masked": torch.from_numpy(frames * masks[..., None]),
         "output/box": torch.from_numpy(boxes), "input/kept_frames": torch.from_numpy(kept),
         "input/anchor_frames": torch.from_numpy(ts.astype(np.int32)), "output/admissible": torch.from_numpy(table)}
    save(a.out, T, {"model": "multiview-sync", "mode": "background", "config": dict(
        threshold=a.threshold, quantile=0.02, box_scale=1.25, dmin=DMIN, dmax=DMAX, seed=a.seed,
        admissible="row i, column f is 1 when frame f is kept and 4 < |f - anchor_i| < 128")})


# ------------------------------------------------------------------ timing
def count_macs(model, call):
    macs, hooks = [0], []
    def hook(m, _i, o):
        if isinstance(m, nn.Conv2d):
            macs[0] += o.numel() * m.in_channels * m.kernel_size[0] * m.kernel_size[1]
        elif isinstance(m, nn.Linear):
            macs[0] += o.numel() * m.in_features
    for m in model.modules():
        hooks.append(m.register_forward_hook(hook))
    with torch.no_grad():
        call()
    for h in hooks:
        h.remove()
    return macs[0]


def cmd_time(a):
    torch.manual_seed(0)
    pre = a.task == "pretext"
    model = Pretext(a.arch, a.width) if pre else Pose(a.arch, a.width)
    n = 4 * a.batch if pre else a.batch
    img = torch.randn(n, 3, a.image_size, a.image_size)
    pairs, y = quad_pairs(a.batch)
    target = torch.randn(a.batch, 48)
    set_mode(model, True, () if pre else FROZEN)
    named = [(k, p) for k, p in model.named_parameters() if p.requires_grad]
    one = img[:1]
    macs = count_macs(model.backbone.eval(), lambda: model.backbone(one))
    set_mode(model, True, () if pre else FROZEN)
    state, steps, fwd = {}, [], []
    for i in range(a.steps + 1):
        t0 = time.perf_counter()
        out = model(img, pairs) if pre else model(img)
        loss = pretext_loss(*out, y, a.batch)["total"] if pre else ((out - target) ** 2).mean()
        t1 = time.perf_counter()
        g = torch.autograd.grad(loss, [p for _, p in named])
        adamw_step(named, {k: v for (k, _), v in zip(named, g)}, state, i + 1, OPT)
        t2 = time.perf_counter()
        if i:                                                     # first step is warm-up
            fwd.append(t1 - t0); steps.append(t2 - t0)
        del out, loss, g
    # backward: weight gradients + input gradients, except the stem's input gradient / the frozen part
    tail = macs if pre else None
    if not pre:
        x = torch.randn(1, model.backbone.layer4[0].conv1.in_channels, a.image_size // 16, a.image_size // 16)
        tail = count_macs(model.backbone.layer4.eval(), lambda: model.backbone.layer4(x))
    print(json.dumps(dict(task=a.task, arch=a.arch, width=a.width, image_size=a.image_size, batch=a.batch, images_per_step=n,
                          threads=torch.get_num_threads(), median_s=round(statistics.median(steps), 4),
                          forward_train_s=round(statistics.median(fwd), 4), steps=len(steps),
                          peak_rss_bytes=int(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("VmHWM"))) * 1024,
                          parameters=sum(p.numel() for p in model.parameters()),
                          trainable=sum(p.numel() for _, p in named), forward_gmac_per_image=round(macs / 1e9, 4),
                          step_gflop=round(2 * n * (macs + 2 * tail) / 1e9, 2))))


# ------------------------------------------------------------------ self test
def cmd_selftest(a):
    import torchvision
    rows = []
    for arch in ("resnet18", "resnet50"):
        torch.manual_seed(a.seed)
        theirs = getattr(torchvision.models, arch)(weights=None)
        theirs.fc = nn.Identity()
        fill = torch.Generator().manual_seed(a.seed)
        fill_parameters(theirs, fill)
        ours = Backbone(arch, 64, final_relu=True)
        missing = ours.load_state_dict(theirs.state_dict(), strict=True)
        x = torch.randn(4, 3, 96, 96, generator=fill)
        for mode in (True, False):
            ours.train(mode); theirs.train(mode)
            w = torch.randn(ours.dim, generator=fill)
            res = []
            for m in (ours, theirs):
                m.zero_grad()
                xi = x.clone().requires_grad_()
                f = m(xi)
                (f @ w).mean().backward()
                res.append((f.detach(), xi.grad, {n: p.grad.clone() for n, p in m.named_parameters()}, m.state_dict()))
            (fa, xa, ga, sa), (fb, xb, gb, sb) = res
            rows.append((f"{arch} train={mode} forward max|d|", float((fa - fb).abs().max())))
            rows.append((f"{arch} train={mode} grads max rel", max([rel_err(xa, xb)] + [rel_err(ga[k], gb[k]) for k in gb])))
            rows.append((f"{arch} train={mode} BN buffers max|d|", max(float((sa[k].double() - sb[k].double()).abs().max()) for k in sb)))
        n18 = sum(p.numel() for p in ours.parameters())
        rows.append((f"{arch} backbone parameters", n18))
    torch.manual_seed(a.seed)                                     # optimiser vs torch.optim.AdamW (lr_scaled, all)
    lin = nn.Linear(7, 5).double(); ref = nn.Linear(7, 5).double(); ref.load_state_dict(lin.state_dict())
    o = dict(OPT, decay_mode="lr_scaled", decay_params="all", lr_floor_ratio=1.0, weight_decay=0.05, lr=1e-2)
    opt, st = torch.optim.AdamW(ref.parameters(), lr=1e-2, weight_decay=0.05), {}
    for t in range(1, 6):
        x = torch.randn(3, 7, dtype=torch.float64)
        for m in (lin, ref):
            m.zero_grad(); (m(x) ** 2).sum().backward()
        opt.step()
        adamw_step(list(lin.named_parameters()), {n: p.grad for n, p in lin.named_parameters()}, st, t, o)
    rows.append(("adamw vs torch.optim, 5 steps max|d|", max(float((p - q).detach().abs().max()) for p, q in zip(lin.parameters(), ref.parameters()))))
    g = torch.Generator().manual_seed(a.seed)                     # Procrustes against direct minimisation
    p, q = fixture_poses(1, g).double(), fixture_poses(1, g).double() * torch.tensor([-1., 1., 1.])
    al, s, R, t = procrustes(p, q)
    best = float(((al - q) ** 2).sum())
    th = torch.zeros(7, dtype=torch.float64, requires_grad=True)
    lo = 1e30
    for start in range(8):
        th = torch.randn(7, generator=g).double(); th[3:6] *= 100; th[6] = 0
        th.requires_grad_()
        op = torch.optim.LBFGS([th], lr=1, max_iter=300, line_search_fn="strong_wolfe", tolerance_grad=1e-12, tolerance_change=1e-16)
        def f():
            op.zero_grad()
            k = th[:3]
            z = torch.zeros((), dtype=torch.float64)
            K = torch.stack((z, -k[2], k[1], k[2], z, -k[0], -k[1], k[0], z)).view(3, 3)
            v = (((torch.exp(th[6]) * (p[0] @ torch.matrix_exp(K).T) + th[3:6]) - q[0]) ** 2).sum()
            v.backward(); return v
        op.step(f); lo = min(lo, float(f().detach()))
    rows.append(("procrustes: (closed form - search)/search", (best - lo) / lo))
    rows.append(("procrustes: det R", float(torch.linalg.det(R[0]))))
    a2 = argparse.Namespace(task="pretext", mode="train", seed=3, batch=2, image_size=32, width=4, arch="resnet18", fusion="mult",
                            final_relu=False, freeze="none", taps=False, decay_mode="schedule_scaled", decay_params="matrices")
    T, _ = run_case(a2, torch.float64)                            # finite differences of the whole pretext loss
    m = Pretext("resnet18", 4).double()
    sd = {k[6:]: (v.double() if v.is_floating_point() else v) for k, v in T.items() if k.startswith("param/")}
    y = {k: T["input/" + k].double() for k in ("sync_label", "sync_mask", "noflip_label", "noflip_mask")}
    def L(name, idx, e):
        s2 = {k: v.clone() for k, v in sd.items()}
        s2[name].view(-1)[idx] += e
        m.load_state_dict(s2); m.train()
        with torch.no_grad():
            return float(pretext_loss(*m(T["input/images"].double(), T["input/pair_index"].long()), y, 2)["total"])
    worst = 0.0
    for name in ("head_sync.weight", "head_noflip.bias", "backbone.layer4.1.conv2.weight", "backbone.layer2.0.bn1.weight"):
        gr = T["grad/" + name].view(-1)
        i = int(gr.abs().argmax())
        fd = (L(name, i, 1e-6) - L(name, i, -1e-6)) / 2e-6
        worst = max(worst, abs(fd - float(gr[i])) / abs(float(gr[i])))
    rows.append(("pretext loss: finite difference vs autograd, max rel", worst))
    for k, v in rows:
        print(f"{k:55s} {v:.3e}" if isinstance(v, float) else f"{k:55s} {v}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(dest="cmd", required=True)
    s = sub.add_parser("make")
    s.add_argument("--seed", type=int, default=0); s.add_argument("--image-size", type=int, default=64)
    s.add_argument("--batch", type=int, default=4, help="tuples (pretext: 4 images each) or images (pose)")
    s.add_argument("--width", type=int, default=4); s.add_argument("--task", choices=["pretext", "pose"], required=True)
    s.add_argument("--mode", choices=["train", "eval"], default="train"); s.add_argument("--out", required=True)
    s.add_argument("--arch", choices=list(ARCHS), default="resnet18")
    s.add_argument("--fusion", choices=["mult", "add", "diff", "concat"], default="mult")
    s.add_argument("--final-relu", action="store_true"); s.add_argument("--freeze", choices=["stages3", "none"], default="stages3")
    s.add_argument("--taps", action="store_true", help="also store stem and stage outputs")
    s.add_argument("--decay-mode", choices=["schedule_scaled", "lr_scaled"], default="schedule_scaled")
    s.add_argument("--decay-params", choices=["matrices", "all"], default="matrices")
    s = sub.add_parser("metrics")
    s.add_argument("--seed", type=int, default=0); s.add_argument("--count", type=int, default=8); s.add_argument("--out", required=True)
    s = sub.add_parser("background")
    s.add_argument("--seed", type=int, default=0); s.add_argument("--frames", type=int, default=15)
    s.add_argument("--threshold", type=float, default=30.0); s.add_argument("--out", required=True)
    s = sub.add_parser("time")
    s.add_argument("--image-size", type=int, default=256); s.add_argument("--batch", type=int, default=8)
    s.add_argument("--task", choices=["pretext", "pose"], default="pretext"); s.add_argument("--threads", type=int, default=1)
    s.add_argument("--steps", type=int, default=3); s.add_argument("--arch", choices=list(ARCHS), default="resnet18")
    s.add_argument("--width", type=int, default=64)
    s = sub.add_parser("selftest")
    s.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    torch.set_num_threads(getattr(a, "threads", 1))
    torch.use_deterministic_algorithms(True)
    {"make": cmd_make, "metrics": cmd_metrics, "background": cmd_background, "time": cmd_time, "selftest": cmd_selftest}[a.cmd](a)


if __name__ == "__main__":
    main()
