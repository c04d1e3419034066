"""The whole job that `milore train` does, as fairseq's recipe for HuBERT does it in PyTorch: decode, units by k-means on a
layer of the frozen base, then steps of masked prediction on a mixture of LoRA experts, the convolutional front end run
again in every step, and held-out speech before and after. Random weights of HuBERT-base's shape; what is compared is time.

    python3 peer_pipeline.py JOB.json      prints one JSON line: seconds by part, audio-seconds a second, peak memory
JOB.json: {"files": {language: [paths]}, "steps", "clips", "clipSeconds", "mostClips" (of a
language), "layer", "clusters", "iterations", "heldOutClips"}
Environment: THREADS (2). In its favour: recordings are decoded once and kept in memory, hidden states too, and it makes no
control, checks no checksum and writes nothing. Needs ffmpeg. It is for the benchmark alone; the product has no Python."""
import json, os, resource, subprocess, sys, time
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F

job = json.load(open(sys.argv[1]))
torch.set_num_threads(int(os.environ.get("THREADS", 2))); torch.manual_seed(0)
L, E, R, D, FF, HEADS, K, ALPHA = 12, 4, 8, 768, 3072, 12, job["clusters"], 16
B, SAMPLES = job["clips"], int(job["clipSeconds"] * 16000)
seconds, processor, began = {}, {}, time.perf_counter()


def timed(name, work):
    start, cpu = time.perf_counter(), time.process_time()
    result = work()
    seconds[name] = seconds.get(name, 0) + time.perf_counter() - start
    processor[name] = processor.get(name, 0) + time.process_time() - cpu
    return result


class Mixture(nn.Module):
    """y = W0 x + b + alpha/r * sum_e softmax(Wg x)_e * B_e A_e x, the experts stacked in two products."""
    def __init__(self, n_in, n_out):
        super().__init__()
        self.base = nn.Linear(n_in, n_out).requires_grad_(False)
        self.a = nn.Parameter(torch.randn(n_in, E * R + E) / n_in ** 0.5)
        self.b = nn.Parameter(torch.zeros(E * R, n_out))

    def forward(self, x):
        h, logits = (x @ self.a).split([E * R, E], dim=-1)
        gated = (h.unflatten(-1, (E, R)) * logits.softmax(-1).unsqueeze(-1)).flatten(-2) * (ALPHA / R)
        return self.base(x) + gated @ self.b


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.o = nn.Linear(D, 3 * D).requires_grad_(False), nn.Linear(D, D).requires_grad_(False)
        self.fc1, self.fc2 = Mixture(D, FF), Mixture(FF, D)
        self.n1, self.n2 = nn.LayerNorm(D).requires_grad_(False), nn.LayerNorm(D).requires_grad_(False)

    def forward(self, x):
        b, t, _ = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, HEADS, D // HEADS).permute(2, 0, 3, 1, 4)
        a = F.softmax(q @ k.transpose(-1, -2) * (D // HEADS) ** -0.5, -1) @ v
        x = self.n1(x + self.o(a.transpose(1, 2).reshape(b, t, D)))
        return self.n2(x + self.fc2(F.gelu(self.fc1(x))))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        kernels, strides = [10, 3, 3, 3, 3, 2, 2], [5, 2, 2, 2, 2, 2, 2]
        self.convs = nn.ModuleList(
            nn.Conv1d(512 if i else 1, 512, k, s, bias=False).requires_grad_(False) for i, (k, s) in enumerate(zip(kernels, strides)))
        self.group = nn.GroupNorm(512, 512).requires_grad_(False)
        self.norm, self.project = nn.LayerNorm(512).requires_grad_(False), nn.Linear(512, D).requires_grad_(False)
        self.position = nn.Conv1d(D, D, 128, padding=64, groups=16).requires_grad_(False)
        self.norm2 = nn.LayerNorm(D).requires_grad_(False)
        self.register_buffer("mask", torch.rand(D))
        self.layers = nn.ModuleList(Layer() for _ in range(L))
        self.head, self.units = nn.Linear(D, 256), nn.Parameter(torch.randn(K, 256))

    def front_end(self, wave):
        x = wave.unsqueeze(1)
        for i, conv in enumerate(self.convs):
            x = conv(x)
            x = F.gelu(self.group(x) if i == 0 else x)
        return x.transpose(1, 2)

    def encode(self, features, masked=None, layers=L):
        x = self.project(self.norm(features))
        if masked is not None:
            x = torch.where(masked.unsqueeze(-1), self.mask, x)
        x = self.norm2(x + F.gelu(self.position(x.transpose(1, 2))[..., :-1]).transpose(1, 2))
        for layer in self.layers[:layers]:
            x = layer(x)
        return x

    def loss(self, wave, masked, labels):
        with torch.no_grad():
            features = self.front_end(wave)
        x = self.encode(features, masked)[masked]
        y = F.normalize(self.head(x), dim=-1) @ F.normalize(self.units, dim=-1).t() / 0.1
        return F.cross_entropy(y, labels[masked])


def decode(path):
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-ac", "1", "-ar", "16000", "-f", "f32le", "-"], capture_output=True, check=True)
    return np.frombuffer(raw.stdout, dtype=np.float32)


def clips_of(paths):
    wave = np.concatenate([decode(path) for path in paths])
    return torch.from_numpy(wave[: len(wave) // SAMPLES * SAMPLES].reshape(-1, SAMPLES)[: job["mostClips"]].copy())


@torch.no_grad()
def hidden(waves):
    """Of the layer that units are taken from, [clips, frames, D]."""
    return torch.cat([net.encode(net.front_end(waves[i : i + 2 * B]), layers=job["layer"]) for i in range(0, len(waves), 2 * B)])


@torch.no_grad()
def k_means(rows):
    """Minibatches of 10,000, each centroid towards the mean of all rows that it was given."""
    centroids, seen = rows[torch.randperm(len(rows))[:K]].clone(), torch.zeros(K)
    for _ in range(job["iterations"]):
        batch = rows[torch.randperm(len(rows))[:10000]]
        nearest = assign(batch, centroids)
        count = torch.bincount(nearest, minlength=K).float()
        seen += count
        total = torch.zeros_like(centroids).index_add_(0, nearest, batch)
        has = count > 0
        centroids[has] += (total[has] - count[has, None] * centroids[has]) / seen[has, None]
    return centroids


def assign(rows, centroids):
    return (rows @ centroids.t() - centroids.square().sum(1) / 2).argmax(1)


def mask_of(count, frames):
    """Spans of ten frames from 8 % of the frames."""
    starts = torch.rand(count, frames) < 0.08
    masked = starts.clone()
    for shift in range(1, 10):
        masked[:, shift:] |= starts[:, :-shift]
    return masked


@torch.no_grad()
def evaluate(waves, labels):
    losses = [net.loss(waves[i : i + B], mask_of(len(waves[i : i + B]), labels.shape[1]), labels[i : i + B]) for i in range(0, len(waves), B)]
    return float(torch.stack(losses).mean())


net = timed("base", Net)
waves = timed("scan", lambda: torch.cat([clips_of(paths) for paths in job["files"].values()]))
states = timed("units", lambda: hidden(waves))
frames = states.shape[1]
labels = timed("units", lambda: assign(states.reshape(-1, D), k_means(states.reshape(-1, D))).view(len(waves), frames))
del states
held = slice(0, job["heldOutClips"])
losses = [timed("evaluate", lambda: evaluate(waves[held], labels[held]))]
trainable = [p for p in net.parameters() if p.requires_grad]
optimiser = torch.optim.AdamW(trainable, lr=1e-4, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.01)


def step():
    chosen = torch.randint(job["heldOutClips"], len(waves), (B,))
    loss = net.loss(waves[chosen], mask_of(B, frames), labels[chosen])
    loss.backward(); nn.utils.clip_grad_norm_(trainable, 1.0); optimiser.step(); optimiser.zero_grad(set_to_none=True)


for _ in range(job["steps"]):
    timed("train", step)
losses.append(timed("evaluate", lambda: evaluate(waves[held], labels[held])))
whole = time.perf_counter() - began
print(json.dumps(dict(seconds=seconds, processor=processor, wholeSeconds=whole, clips=len(waves), losses=losses,
                      peakMiB=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))
