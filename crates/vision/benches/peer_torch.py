"""The network of `cnn.rs` in PyTorch: THREADS, then steps of 64 pictures. Says pictures a second of wall and of CPU time."""
import sys, time, resource, torch, torch.nn as nn
threads = int(sys.argv[1]); steps = int(sys.argv[2]); batch = 64
torch.set_num_threads(threads); torch.manual_seed(0)
def net():
    layers, c = [], 3
    for o in (32, 64, 128):
        layers += [nn.Conv2d(c, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU(), nn.MaxPool2d(2)]; c = o
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(2048, 256), nn.ReLU(), nn.Dropout(0.3), nn.Linear(256, 10))
def cpu():
    r = resource.getrusage(resource.RUSAGE_SELF); return r.ru_utime + r.ru_stime
m = net(); opt = torch.optim.Adam(m.parameters(), lr=1e-3); loss_fn = nn.CrossEntropyLoss()
x = torch.rand(batch, 3, 32, 32); y = torch.randint(0, 10, (batch,))
def step():
    opt.zero_grad(); l = loss_fn(m(x), y); l.backward(); opt.step(); return l.item()
m.train(); step()
t, c = time.time(), cpu()
for _ in range(steps): step()
w, c = time.time() - t, cpu() - c
print(f"torch {torch.__version__} threads {threads} train {batch*steps/w:.0f} img/s wall, {batch*steps/c:.0f} img/cpu-s")
m.eval()
with torch.no_grad():
    m(x); t, c = time.time(), cpu()
    for _ in range(steps): m(x)
    w, c = time.time() - t, cpu() - c
print(f"torch threads {threads} infer {batch*steps/w:.0f} img/s wall, {batch*steps/c:.0f} img/cpu-s")
